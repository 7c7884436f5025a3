"""How the agent's todos are written: one line when folded, a line each when not, and how much room they may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from client.core.visible_text import visible
from shared.todos import Todo, TodoStatus

SIGNS: dict[TodoStatus, str] = {"completed": "✓", "in_progress": "→", "pending": "○"}
"""A mark per status, told apart without colour."""

_SHORT_SCREEN = 20
_SHARE = 3


@dataclass(frozen=True, slots=True)
class TodoLine:
    """One todo as it is shown; ``text`` is safe to show."""

    sign: str
    text: str
    status: TodoStatus
    is_urgent: bool


def todo_lines(todos: Sequence[Todo]) -> tuple[TodoLine, ...]:
    """A line per todo, in the agent's order."""
    return tuple(
        TodoLine(SIGNS[todo.status], visible(todo.content, keep=""), todo.status, todo.priority == "high")
        for todo in todos
    )


def todo_summary(todos: Sequence[Todo]) -> str:
    """``2 of 5 · now: write tests``: how many are done, and what is being done or comes next."""
    done = sum(todo.status == "completed" for todo in todos)
    if done == len(todos):
        return "done" if done == 1 else f"all {done} done"
    now = [todo for todo in todos if todo.status == "in_progress"]
    following = next((todo for todo in todos if todo.status == "pending"), None)
    counted = f"{done} of {len(todos)}"
    if now:
        more = f" and {len(now) - 1} more" if len(now) > 1 else ""
        return f"{counted} · now: {visible(now[0].content, keep='')}{more}"
    return counted if following is None else f"{counted} · next: {visible(following.content, keep='')}"


def room_for_todos(rows: int, *, is_unfolded: bool, is_asking: bool) -> int:
    """How many rows the todos may take on a screen of ``rows``; 0 hides them.

    Unfolded they take a third at most. While an approval asks they fold, and on a short screen they go: what waits
    for the person comes first, and the composer stays.
    """
    if is_asking:
        return 0 if rows < _SHORT_SCREEN else 1
    return rows // _SHARE if is_unfolded else 1
