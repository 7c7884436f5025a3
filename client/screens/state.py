"""The person's shared state: its keys, the value of one of them as JSON to edit, and nothing overwritten unseen."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, ItemGrid, Vertical
from textual.screen import ModalScreen
from textual.signal import Signal
from textual.widgets import Button, OptionList, Static, TextArea

from client.core import state_words
from client.core.elsewhere import short_key
from client.core.state_editor import NEW_VALUE_CURSOR, StateEditor
from client.core.state_text import read_state_text
from client.ports import PersonalData
from client.screens.confirm import ConfirmScreen
from client.screens.key_name import KeyNameScreen
from client.widgets.key_list import KeyList
from client.widgets.told_line import ToldLine
from shared.errors import RingbackError
from shared.news import StateChanged

_BUTTONS = (
    ("save", "Save ^S"),
    ("new_key", "New ^N"),
    ("delete", "Delete F8"),
    ("reload", "Reload F5"),
    ("close", "Close Esc"),
)
_BUTTON_CELLS = 12
_ROOM_FOR_TWO_COLUMNS = 70
_ROOM_FOR_WORDS = 18


class StateScreen(ModalScreen[None]):
    """Looks after the flow of an edit; what is decided about drafts is decided by :class:`StateEditor`."""

    CSS_PATH = "state.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_ROOM_FOR_TWO_COLUMNS, "-wide")]  # noqa: RUF012 (Textual's own type)
    VERTICAL_BREAKPOINTS = [(0, "-short"), (_ROOM_FOR_WORDS, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", priority=True),
        Binding("ctrl+n", "new_key", "New key", priority=True),
        Binding("f8", "delete", "Delete", priority=True),
        Binding("f5,ctrl+r", "reload", "Reload", priority=True),
        Binding("escape,f9", "close", "Close"),
    ]

    def __init__(self, personal: PersonalData, changed: Signal[StateChanged]) -> None:
        super().__init__()
        self._personal = personal
        self._changed_elsewhere = changed
        self._editor = StateEditor()
        self._keys = KeyList()
        self._area = TextArea(
            read_only=True, soft_wrap=True, show_line_numbers=True, highlight_cursor_line=False, compact=True
        )
        self._said = ToldLine(state_words.ABOUT, id="state-said")
        self._drawn: str | None = None
        self._is_saving = False

    def compose(self) -> ComposeResult:
        """The keys and the value side by side, what there is to say, and what can be done."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Shared state"
            with Horizontal(id="state-panes"):
                yield self._keys
                yield self._area
            yield Static(state_words.EMPTY, id="state-empty", markup=False)
            yield self._said
            with ItemGrid(id="state-actions", min_column_width=_BUTTON_CELLS):
                for action, label in _BUTTONS:
                    yield Button(label, id=action, action=f"screen.{action}", compact=True)

    def on_mount(self) -> None:
        """Ask for the keys; from now on, again whenever another tab changes them."""
        self._changed_elsewhere.subscribe(self, lambda _news: self._load())
        self._keys.focus()
        self._load()

    # --- what the person does -----------------------------------------------------------------------------

    def on_key_list_chosen(self, event: KeyList.Chosen) -> None:
        """Another key is looked at."""
        event.stop()
        if event.key != self._editor.shown:
            self._take_draft()
            self._editor.choose(event.key)
            self._said.tell("")
            self._draw()
            self._read()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter goes to the value."""
        event.stop()
        self.set_focus(self._area)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """The draft grows."""
        event.stop()
        self._take_draft()
        self._keys.show(self._editor)

    async def action_new_key(self) -> None:
        """Ask for the name; awaited, so that the next key lands in it."""
        await self.app.push_screen(KeyNameScreen(self._begin))

    @work
    async def action_save(self) -> None:
        """Store what is written, unless another value was stored meanwhile and the person wants to keep that."""
        self._take_draft()
        key, text = self._editor.shown, self._editor.text
        if key is None or not self._editor.is_editing:
            self._said.tell(state_words.NOTHING_TO_SAVE)
        elif not self._is_saving:
            self._is_saving = True
            try:
                if await self._save(key, text):
                    self._said.tell(f"Saved {short_key(key)}.")
            except RingbackError as error:
                self._said.complain(error)
            finally:
                self._is_saving = False
            self._draw()

    @work
    async def action_delete(self) -> None:
        """Delete the shown key, after asking."""
        key = self._editor.shown
        if key is None:
            self._said.tell(state_words.NOTHING_TO_DELETE)
            return
        is_stored = key in self._editor.stored
        if not await self._agrees(state_words.deleting(key, is_stored=is_stored)):
            return
        try:
            if is_stored:
                await self._personal.delete_state(key)
        except RingbackError as error:
            self._said.complain(error)
            return
        self._editor.deleted(key)
        self._said.tell(f"Deleted {short_key(key)}." if is_stored else "")
        self._draw()
        self._read()

    @work
    async def action_reload(self) -> None:
        """Ask the server again; what is written for the shown key is dropped, after asking."""
        self._take_draft()
        key = self._editor.shown
        if key is not None and self._editor.is_editing:
            if not await self._agrees(state_words.reloading(key)):
                return
            self._editor.discard(key)
        self._said.tell("")
        self._draw()
        self._load()

    @work
    async def action_close(self) -> None:
        """Close, after asking if something is not saved."""
        unsaved = self.unsaved()
        if not unsaved or await self._agrees(state_words.closing(unsaved)):
            self.dismiss(None)

    def unsaved(self) -> tuple[str, ...]:
        """One sentence for each draft that would be lost if the screen went now."""
        self._take_draft()
        return self._editor.unsaved()

    # --- steps --------------------------------------------------------------------------------------------

    def _begin(self, key: str) -> None:
        self._take_draft()
        self._editor.begin(key)
        self._draw()
        self._area.move_cursor(NEW_VALUE_CURSOR)
        self.set_focus(self._area)
        self._said.tell("")
        self._read()

    @work(exclusive=True, group="load")
    async def _load(self) -> None:
        try:
            keys = await self._personal.list_states()
        except RingbackError as error:
            self._said.complain(error)
            return
        self._take_draft()
        self._editor.listed(keys)
        self._draw()
        self._read()

    @work(exclusive=True, group="read")
    async def _read(self) -> None:
        key = self._editor.shown
        if key is None:
            return
        try:
            data = await self._personal.get_state(key)
            self._take_draft()
            self._editor.read(key, data)
        except RingbackError as error:
            self._said.complain(error)
            return
        if self._editor.contest is not None:
            self._said.tell(f"{self._editor.contest} {state_words.CONTESTED}", is_wrong=True)
        if data is None and not self._editor.is_editing:  # it went just now
            self._editor.deleted(key)
            self._read()
        self._draw()

    async def _save(self, key: str, text: str) -> bool:
        data = read_state_text(text)
        current = await self._personal.get_state(key)
        lost = self._editor.overwritten(key, current)
        if lost is not None and not await self._agrees(state_words.overwriting(key, lost)):
            return False
        await self._personal.set_state(key, data)
        self._take_draft()
        self._editor.saved(key, text, data)
        return True

    async def _agrees(self, asked: state_words.Question) -> bool:
        screen = ConfirmScreen(asked.words, asked.losses, asked.yes, asked.no, patience=asked.patience)
        return await self.app.push_screen_wait(screen)

    def _take_draft(self) -> None:
        if not self._area.read_only:
            self._editor.write(self._area.text)

    def _draw(self) -> None:
        editor, is_empty = self._editor, not self._editor.keys
        self.set_class(is_empty, "-empty")
        self._keys.show(editor)
        self._area.read_only = not editor.is_readable
        if self._area.text != editor.text:
            place = self._area.cursor_location if editor.shown == self._drawn else (0, 0)
            self._area.load_text(editor.text)
            self._area.move_cursor(place)
        self._drawn = editor.shown
        has_room = editor.shown is None or self._keys.has_room_for(editor.shown)
        self._said.look_at(state_words.ABOUT if has_room else state_words.key_in_full(editor.shown or ""))
        if is_empty and self.focused in {self._keys, self._area}:
            self.query_exactly_one("#new_key").focus()
