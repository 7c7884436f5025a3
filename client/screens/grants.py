"""What runs without asking: each grant in full, to be taken back by key or by mouse."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ItemGrid, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from client.core import grant_words
from client.core.grants import HeldGrant
from client.ports import PersonalData
from client.screens.confirm import ConfirmScreen
from client.widgets.told_line import ToldLine
from shared.errors import RingbackError

_BUTTONS = (
    ("revoke", "Take back F8"),
    ("revoke_all", "All of them ^D"),
    ("reload", "Reload F5"),
    ("close", "Close Esc"),
)
_BUTTON_CELLS = 15
_ROOM_FOR_WORDS = 18


class GrantsScreen(ModalScreen[None]):
    """Asks the server when it opens, and after each change."""

    CSS_PATH = "grants.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (_ROOM_FOR_WORDS, "-tall")]  # noqa: RUF012 (Textual's own type)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8,delete", "revoke", "Take back"),
        Binding("ctrl+d", "revoke_all", "Take all back", priority=True),
        Binding("f5,ctrl+r", "reload", "Reload", priority=True),
        Binding("escape", "close", "Close"),
    ]

    def __init__(self, personal: PersonalData) -> None:
        super().__init__()
        self._personal = personal
        self._grants: tuple[HeldGrant, ...] = ()
        self._list = OptionList(markup=False)
        self._said = ToldLine(grant_words.ABOUT, id="grants-said")

    def compose(self) -> ComposeResult:
        """The grants, what there is to say, and what can be done."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "What runs without asking"
            yield self._list
            yield Static(grant_words.EMPTY, id="grants-empty", markup=False)
            yield self._said
            with ItemGrid(id="grants-actions", min_column_width=_BUTTON_CELLS):
                for action, label in _BUTTONS:
                    yield Button(label, id=action, action=f"screen.{action}", compact=True)

    def on_mount(self) -> None:
        """Arrows go through the list at once."""
        self._list.focus()
        self.action_reload()

    @work(exclusive=True, group="load")
    async def action_reload(self) -> None:
        """Ask the server again."""
        await self._load()

    @work
    async def action_revoke(self) -> None:
        """Take back the one that the cursor is on."""
        index = self._list.highlighted
        if index is None or index >= len(self._grants):
            self._said.tell(grant_words.NOTHING_TO_REVOKE)
            return
        grant = self._grants[index]
        try:
            count = await self._personal.revoke_grant(grant.id)
        except RingbackError as error:
            await self._load()
            self._said.complain(error)
            return
        await self._load()
        self._said.tell(grant_words.revoked(count))

    @work
    async def action_revoke_all(self) -> None:
        """Take all back, after asking."""
        if not self._grants:
            self._said.tell(grant_words.NOTHING_TO_REVOKE)
            return
        question = ConfirmScreen(
            grant_words.REVOKE_ALL, (grant_words.REVOKE_ALL_LOSS,), grant_words.YES, grant_words.NO
        )
        if not await self.app.push_screen_wait(question):
            return
        try:
            count = await self._personal.revoke_all_grants()
        except RingbackError as error:
            self._said.complain(error)
            return
        await self._load()
        self._said.tell(grant_words.revoked(count))

    def action_close(self) -> None:
        """Back to the tabs."""
        self.dismiss(None)

    async def _load(self) -> None:
        try:
            self._grants = await self._personal.list_grants()
        except RingbackError as error:
            self._said.complain(error)
            return
        self._said.tell("")
        at = self._list.highlighted or 0
        self._list.set_options(Option(_shown(grant)) for grant in self._grants)
        self.set_class(not self._grants, "-empty")
        if self._grants:
            self._list.highlighted = min(at, len(self._grants) - 1)


def _shown(grant: HeldGrant) -> Content:
    lines = "\n".join(f"  {line}" for line in grant_words.argument_lines(grant))
    period = (f"  {grant_words.period(grant)}", "dim")
    return Content.assemble((grant_words.heading(grant), "bold"), f"\n{lines}\n", period)
