"""The keys of the shared state, one of them shown; an asterisk marks what is not saved."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from client.core.state_editor import LABEL_CHARACTERS, Listed, StateEditor
from client.core.visible_text import visible

_EDITED = "* "


class KeyOption(Option):
    """One key."""

    def __init__(self, line: Listed) -> None:
        mark = (_EDITED, "bold") if line.is_edited else " " * len(_EDITED)
        super().__init__(Content.assemble(mark, line.label))
        self.key = line.key


class KeyList(OptionList):
    """Posts :class:`Chosen` when the cursor is on another key, by key or by mouse."""

    class Chosen(Message):
        """The person looks at ``key`` now."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        super().__init__(compact=True, markup=False)
        self._listed: tuple[Listed, ...] = ()

    def has_room_for(self, key: str) -> bool:
        """Whether all of it can be read here."""
        shown = visible(key, keep="")
        room = self.scrollable_content_region.width - len(_EDITED)
        return len(shown) <= LABEL_CHARACTERS and cell_len(shown) <= room

    def show(self, editor: StateEditor) -> None:
        """List these keys, with the cursor on the shown one."""
        if editor.lines != self._listed:
            self._listed = editor.lines
            self.set_options(KeyOption(line) for line in self._listed)
        if editor.shown in editor.keys:
            self.highlighted = editor.keys.index(editor.shown)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The cursor moved."""
        event.stop()
        if isinstance(event.option, KeyOption):
            self.post_message(self.Chosen(event.option.key))
