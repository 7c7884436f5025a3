"""Textual's own widgets with text from outside in them, as an app without a filter would have them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.text import Text
from textual.app import App
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import (
    Button,
    Checkbox,
    Collapsible,
    DataTable,
    Input,
    Label,
    ListItem,
    ListView,
    Log,
    Markdown,
    OptionList,
    RadioButton,
    RichLog,
    Static,
    TextArea,
    Tree,
)
from textual.widgets.option_list import Option


class PlainApp(App[None]):
    """An app that trusts its widgets."""

    CSS = "Static, Log, RichLog, ListView, DataTable, Tree, TextArea, OptionList { height: auto; max-height: 8; }"


def _one_by_one(make: Callable[[str], Widget]) -> Callable[[list[str]], Widget]:
    return lambda texts: VerticalScroll(*(make(text) for text in texts))


def _bordered(text: str) -> Widget:
    widget = Vertical(Static("in a frame"))
    widget.styles.border = ("round", "white")
    widget.border_title = Content(text)
    return widget


def _table(text: str) -> Widget:
    table: DataTable[Content] = DataTable()
    table.add_column("text")
    table.add_row(Content(text))
    return table


class _Written(Log):
    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def on_mount(self) -> None:
        self.write_line(self._text)


class _WrittenRich(RichLog):
    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def on_mount(self) -> None:
        self.call_after_refresh(self.write, self._text)


def plain_widgets() -> Iterable[tuple[str, Callable[[list[str]], Widget]]]:
    """Name and maker of each; what would be read as markup by default is not, so that only the bytes are on trial."""
    makers: dict[str, Callable[[str], Widget]] = {
        "Static": lambda text: Static(text, markup=False),
        "Label": lambda text: Label(text, markup=False),
        "Button": lambda text: Button(Content(text)),
        "Input": Input,
        "TextArea": TextArea,
        "Markdown": lambda text: Markdown(text, open_links=False),
        "OptionList": lambda text: OptionList(Option(Content(text))),
        "DataTable": _table,
        "Tree": lambda text: Tree(Text(text)),
        "ListView": lambda text: ListView(ListItem(Label(text, markup=False))),
        "Checkbox": lambda text: Checkbox(Content(text)),
        "RadioButton": lambda text: RadioButton(Content(text)),
        "Log": _Written,
        "RichLog": _WrittenRich,
        "Collapsible": lambda text: Collapsible(Static(text, markup=False), title="a", collapsed=False),
        "border title": _bordered,
    }
    return ((name, _one_by_one(make)) for name, make in makers.items())
