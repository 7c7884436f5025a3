"""What the agent means to do, in its tab: one line, or every todo in a part of the screen that scrolls."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from client.core.todo_lines import TodoLine, room_for_todos, todo_lines, todo_summary
from shared.todos import Todo, TodoStatus

_SIGN_STYLES: dict[TodoStatus, str] = {"completed": "$success", "in_progress": "bold $primary", "pending": "$primary"}
_HEAD_ROWS = 1
MOST_ROWS = 200
"""How many todos are listed; a longer list says how many more there are."""


class TodoHead(Static):
    """The one line that is there folded and unfolded; a click changes between the two."""

    def show(self, todos: tuple[Todo, ...], *, is_unfolded: bool) -> None:
        """Say how far it is."""
        parts = (("▾ " if is_unfolded else "▸ ", "$foreground-muted"), ("Todos ", "bold"), todo_summary(todos))
        self.update(Content.assemble(*parts))

    def on_click(self) -> None:
        """As the key does."""
        self.post_message(TodoList.ToggleWanted())


class TodoRow(Horizontal):
    """One todo: its mark, and its words as long as they are."""

    def __init__(self, line: TodoLine) -> None:
        super().__init__(classes=f"-{line.status}")
        self._line = line

    def compose(self) -> ComposeResult:
        """The mark and the words."""
        line = self._line
        urgent = (" (urgent)", "italic") if line.is_urgent and line.status != "completed" else ""
        yield Static(Content.styled(line.sign, _SIGN_STYLES[line.status]), classes="sign")
        yield Static(Content.assemble(line.text, urgent), classes="words")


class TodoBody(VerticalScroll):
    """The todos; the keys that are no command here belong to the draft."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "fold", "Fold the todos", show=False),
    ]

    def action_fold(self) -> None:
        """Fold."""
        self.post_message(TodoList.ToggleWanted())

    def on_key(self, event: events.Key) -> None:
        """Typing here is typing the draft."""
        if event.is_printable and event.character is not None and event.key != "space":
            event.stop()
            self.post_message(TodoList.Typed(event.character))


class TodoList(Vertical):
    """Hidden while there are no todos. It changes nothing by itself: its tab folds it, and knows who has the focus."""

    todos: reactive[tuple[Todo, ...]] = reactive(())
    is_unfolded: reactive[bool] = reactive(default=False)
    is_asking: reactive[bool] = reactive(default=False)
    rows: reactive[int] = reactive(24)

    class ToggleWanted(Message):
        """The person wants it folded, or unfolded."""

    class Typed(Message):
        """A printable key was pressed here: it belongs to the draft."""

        def __init__(self, character: str) -> None:
            super().__init__()
            self.character = character

    def __init__(self) -> None:
        super().__init__()
        self._head = TodoHead(markup=False)
        self._body = TodoBody()
        self._listed: tuple[Todo, ...] = ()

    def compose(self) -> ComposeResult:
        """The line, and the todos."""
        yield self._head
        yield self._body

    @property
    def room(self) -> int:
        """How many rows it may take now."""
        if not self.todos:
            return 0
        return room_for_todos(self.rows, is_unfolded=self.is_unfolded, is_asking=self.is_asking)

    @property
    def is_open(self) -> bool:
        """Whether the todos can be seen, one by one."""
        return self.room > _HEAD_ROWS

    @property
    def holds_focus(self) -> bool:
        """Whether the next key would land here."""
        return self.screen.focused is self._body

    def on_mount(self) -> None:
        """Nothing to show yet."""
        self._arrange()

    def watch_todos(self) -> None:
        """Another list."""
        self._arrange()

    def watch_is_unfolded(self) -> None:
        """Fold or unfold."""
        self._arrange()

    def watch_is_asking(self) -> None:
        """Make room, or take it again."""
        self._arrange()

    def watch_rows(self) -> None:
        """The screen has another height."""
        self._arrange()

    def _arrange(self) -> None:
        if not self.is_mounted:
            return
        room = self.room
        self.set_class(room > 0, "-planned")
        self._body.set_class(self.is_open, "-open")
        self._body.styles.max_height = max(room - _HEAD_ROWS, 1)
        self._head.show(self.todos, is_unfolded=self.is_open)
        if self.is_open and self._listed != self.todos:
            self._listed = self.todos
            self.call_later(self._list)

    async def _list(self) -> None:
        lines = todo_lines(self._listed)
        with self.app.batch_update():
            await self._body.remove_children()
            await self._body.mount_all(TodoRow(line) for line in lines[:MOST_ROWS])
            if len(lines) > MOST_ROWS:
                await self._body.mount(Static(f"  and {len(lines) - MOST_ROWS} more", classes="more", markup=False))
