"""The server's counters as a table: what is counted, below it what of, and the values at the right."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from client.core.metric_rows import MetricRow, metric_rows
from client.core.prometheus_text import read_families
from client.ports import PersonalData
from shared.errors import RingbackError

NOTHING = "The server counts nothing yet."


class MetricsScreen(ModalScreen[None]):
    """Asks when it opens, and again with a key."""

    CSS_PATH = "metrics.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r,f5", "refresh", "Ask again"),
        Binding("escape,q", "dismiss", "Close"),
    ]

    def __init__(self, personal: PersonalData) -> None:
        super().__init__()
        self._personal = personal
        self._table = Static("Asking the server …", markup=False)

    def compose(self) -> ComposeResult:
        """The table, which scrolls."""
        with VerticalScroll(classes="dialog") as dialog:
            dialog.border_title = "Counters of the server"
            dialog.border_subtitle = "↑ ↓ scroll · r ask again · Esc close"
            yield self._table

    def on_mount(self) -> None:
        """Arrows scroll at once."""
        self.query_exactly_one(".dialog", VerticalScroll).focus()
        self.action_refresh()

    @work(exclusive=True)
    async def action_refresh(self) -> None:
        """Ask the server."""
        try:
            rows = metric_rows(read_families(await self._personal.metrics()))
        except RingbackError as error:
            self._table.update(f"\N{MULTIPLICATION SIGN} {error}")
        else:
            self._table.update(self._drawn(rows) if rows else NOTHING)

    def _drawn(self, rows: tuple[MetricRow, ...]) -> Table:
        colors = self.app.get_css_variables()
        name, labels = Style.parse(colors["primary"]), Style.parse(colors["secondary"])
        table = Table.grid(expand=True, padding=(0, 2, 0, 0))
        table.add_column(ratio=1, overflow="fold")
        table.add_column(justify="right", overflow="fold", max_width=self.app.size.width // 2)
        for row in rows:
            if row.name and row.labels:
                table.add_row(Text(row.name, name), "")
            told = Text(f"  {row.labels}", labels) if row.labels else Text(row.name, name)
            table.add_row(told, Text(row.value))
        return table
