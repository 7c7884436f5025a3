"""The agent's todos in words, and the room they get."""

from __future__ import annotations

import pytest

from client.core.todo_lines import SIGNS, room_for_todos, todo_lines, todo_summary
from shared.todos import Todo, TodoStatus


def todos(*statuses: TodoStatus) -> list[Todo]:
    return [Todo(f"thing {number}", status) for number, status in enumerate(statuses, 1)]


@pytest.mark.parametrize(
    ("statuses", "summary"),
    [
        (["pending"], "0 of 1 · next: thing 1"),
        (["completed", "in_progress", "pending"], "1 of 3 · now: thing 2"),
        (["pending", "in_progress", "in_progress", "in_progress"], "0 of 4 · now: thing 2 and 2 more"),
        (["completed", "pending", "pending"], "1 of 3 · next: thing 2"),
        (["completed"], "done"),
        (["completed", "completed"], "all 2 done"),
    ],
)
def test_one_line_says_how_far_it_is(statuses: list[TodoStatus], summary: str) -> None:
    assert todo_summary(todos(*statuses)) == summary


def test_every_status_has_a_mark_of_its_own() -> None:
    assert len(set(SIGNS.values())) == 3
    assert [line.sign for line in todo_lines(todos("completed", "in_progress", "pending"))] == list(SIGNS.values())


def test_words_cannot_hide_anything_and_urgent_ones_are_marked() -> None:
    hostile = Todo("a\u202eb\nc\x1b[2J", "in_progress", "high")
    (line,) = todo_lines([hostile])
    assert line.text == "a⟨U+202E⟩b⟨LF⟩c⟨ESC⟩[2J"
    assert line.is_urgent
    assert "⟨ESC⟩" in todo_summary([hostile])
    assert "⟨ESC⟩" in todo_summary([Todo("\x1b", "pending")])
    assert not todo_lines([Todo("x", "pending", "medium")])[0].is_urgent


@pytest.mark.parametrize(
    ("rows", "is_unfolded", "is_asking", "room"),
    [
        (24, False, False, 1),
        (24, True, False, 8),
        (40, True, False, 13),
        (24, True, True, 1),
        (24, False, True, 1),
        (20, True, True, 1),
        (19, True, True, 0),
        (12, False, False, 1),
        (12, True, False, 4),
    ],
)
def test_todos_take_a_third_at_most_and_make_room_for_an_approval(
    rows: int, is_unfolded: bool, is_asking: bool, room: int
) -> None:
    assert room_for_todos(rows, is_unfolded=is_unfolded, is_asking=is_asking) == room
