"""The agent's todos in its tab: folded by default, never in the way of what waits for the person."""

from __future__ import annotations

import pytest

from client.core.todo_lines import SIGNS
from client.widgets.todo_list import MOST_ROWS, TodoBody, TodoHead, TodoList, TodoRow
from shared.frames import TodosChanged
from shared.todos import Todo, TodoStatus
from tests.client.link_for_tests import HeldClock, Switchboard, app_for_tests, screen_text, started, until

STATUSES: tuple[TodoStatus, ...] = ("completed", "completed", "in_progress", "pending", "pending")
TODOS = tuple(Todo(f"thing {number}", status) for number, status in enumerate(STATUSES, 1))
MANY = tuple(Todo(f"thing {number}") for number in range(60))


def row_of(text: str, words: str) -> int:
    return next((row for row, line in enumerate(text.splitlines()) if words in line), -1)


async def test_one_line_stands_there_and_a_key_or_a_click_shows_every_todo_with_its_mark() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        assert "Todos" not in screen_text(app)
        board.links[0].update(TodosChanged(TODOS))
        await until(pilot, lambda: "▸ Todos 2 of 5 · now: thing 3" in screen_text(app))
        assert "thing 4" not in screen_text(app)
        await pilot.press("f5")
        await until(pilot, lambda: "thing 5" in screen_text(app))
        assert "▾ Todos" in screen_text(app)
        for todo in TODOS:
            assert f"{SIGNS[todo.status]} {todo.content}" in screen_text(app)
        await pilot.click(TodoHead)
        await until(pilot, lambda: "thing 4" not in screen_text(app))
        await pilot.click(TodoHead)
        await until(pilot, lambda: "thing 4" in screen_text(app))
        await pilot.press(*"/todos", "enter")
        await until(pilot, lambda: "thing 4" not in screen_text(app))
        assert app.main.tabs.front.composer.has_focus


async def test_a_new_list_replaces_the_old_one_also_while_it_is_unfolded_and_an_empty_one_hides_it() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        board.links[0].update(TodosChanged(TODOS))
        await pilot.press("f5")
        await until(pilot, lambda: "thing 5" in screen_text(app))
        board.links[0].update(TodosChanged((Todo("another thing", "completed"),)))
        await until(pilot, lambda: "✓ another thing" in screen_text(app))
        assert "Todos done" in screen_text(app)
        assert "thing 5" not in screen_text(app)
        board.links[0].update(TodosChanged(()))
        await until(pilot, lambda: "Todos" not in screen_text(app))
        await pilot.press("f5")
        await pilot.pause()
        assert "The agent has no todos in this tab." in screen_text(app)


async def test_every_tab_keeps_its_own_list_and_how_it_was_folded() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        board.links[0].update(TodosChanged(TODOS))
        await pilot.press("f5")
        await pilot.press("ctrl+t")
        await until(pilot, lambda: len(board.links) == 2)
        assert "thing" not in screen_text(app)
        board.links[0].update(TodosChanged((Todo("done in the dark", "in_progress"), Todo("and more"))))
        board.links[1].update(TodosChanged((Todo("of the second tab"),)))
        await until(pilot, lambda: "of the second tab" in screen_text(app))
        await pilot.press("alt+1")
        await until(pilot, lambda: "○ and more" in screen_text(app))
        assert "of the second tab" not in screen_text(app)


@pytest.mark.parametrize("size", [(80, 24), (80, 16), (40, 12)])
async def test_a_long_list_takes_a_third_at_most_and_scrolls(size: tuple[int, int]) -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board, size=size) as pilot:
        board.links[0].update(TodosChanged(MANY))
        await pilot.press("f5")
        await until(pilot, lambda: "thing 1" in screen_text(app))
        todo_list = app.main.query_one(TodoList)
        assert todo_list.size.height == size[1] // 3
        assert app.main.tabs.front.composer.outer_size.height == 3
        app.main.query_one(TodoBody).focus()
        await pilot.press("end")
        await until(pilot, lambda: "thing 59" in screen_text(app))


@pytest.mark.parametrize("size", [(80, 24), (80, 20), (80, 19), (60, 16)])
async def test_an_approval_and_the_composer_are_as_tall_as_without_todos(size: tuple[int, int]) -> None:
    heights = []
    for todos in ((), MANY):
        board = Switchboard()
        app = app_for_tests(board, HeldClock())
        async with started(app, board, size=size) as pilot:
            board.links[0].update(TodosChanged(todos))
            if todos:
                await pilot.press("f5")
            board.links[0].ask(arguments={f"argument {number}": number for number in range(20)})
            await until(pilot, lambda: "Allow once" in screen_text(app))  # noqa: B023
            front = app.main.tabs.front
            heights.append((front.panel.outer_size.height, front.composer.outer_size.height))
            assert row_of(screen_text(app), "Write a message") > row_of(screen_text(app), "Allow once")
            shown = row_of(screen_text(app), "Todos 0 of 60")
            assert (shown >= 0) == (bool(todos) and size[1] >= 20)
            assert "○ thing" not in screen_text(app)
    assert heights[0] == heights[1]


async def test_when_the_approval_is_answered_the_todos_are_unfolded_again() -> None:
    clock, board = HeldClock(), Switchboard()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        board.links[0].update(TodosChanged(TODOS))
        await pilot.press("f5")
        board.links[0].ask()
        await until(pilot, lambda: "thing 5" not in screen_text(app))
        await pilot.press("tab")
        clock.now += 1
        await pilot.press("a")
        await until(pilot, lambda: "thing 5" in screen_text(app))
        assert app.main.tabs.front.composer.has_focus


async def test_keys_pressed_in_the_list_scroll_it_fold_it_or_are_the_drafts() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        board.links[0].update(TodosChanged(MANY))
        await pilot.press("f5")
        body = app.main.query_one(TodoBody)
        body.focus()
        await pilot.press("down", "down")
        await until(pilot, lambda: body.scroll_y > 0)
        await pilot.press("h")
        assert app.main.tabs.front.composer.text == "h"
        assert app.main.tabs.front.composer.has_focus
        body.focus()
        await pilot.press("enter")
        await pilot.press("i")
        assert "○ thing" not in screen_text(app)
        assert app.main.tabs.front.composer.text == "hi"
        assert app.main.tabs.front.composer.has_focus


async def test_an_approval_that_folds_the_list_the_person_is_in_gives_the_focus_to_the_draft() -> None:
    clock, board = HeldClock(), Switchboard()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        board.links[0].update(TodosChanged(MANY))
        await pilot.press("f5")
        app.main.query_one(TodoBody).focus()
        await pilot.pause()
        board.links[0].ask()
        await until(pilot, lambda: "Allow once" in screen_text(app))
        clock.now += 5
        await pilot.press("a")
        assert board.links[0].answers == [], "it never takes the focus by itself"
        assert app.main.tabs.front.composer.text == "a"


async def test_a_list_that_vanishes_under_the_person_gives_the_focus_to_the_draft() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        board.links[0].update(TodosChanged(TODOS))
        await pilot.press("f5")
        app.main.query_one(TodoBody).focus()
        await pilot.pause()
        board.links[0].update(TodosChanged(()))
        await pilot.press("x")
        assert app.main.tabs.front.composer.text == "x"


async def test_text_of_the_agent_is_never_markup_and_a_giant_list_is_cut() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    hostile = "[@click=app.quit]press me[/] [/broken] \x1b[2J\u202e"
    async with started(app, board, size=(100, 40)) as pilot:
        board.links[0].update(TodosChanged((Todo(hostile, "in_progress", "high"), *[Todo("x")] * 1000)))
        await until(pilot, lambda: "now: [@click=app.quit]press me[/] [/broken] ⟨ESC⟩[2J⟨U+202E⟩" in screen_text(app))
        await pilot.press("f5")
        await until(pilot, lambda: len(app.main.query(TodoRow)) == MOST_ROWS)
        assert "→ [@click=app.quit]press me[/] [/broken] ⟨ESC⟩[2J⟨U+202E⟩ (urgent)" in screen_text(app)
        app.main.query_one(TodoBody).focus()
        await pilot.press("end")
        await until(pilot, lambda: f"and {1001 - MOST_ROWS} more" in screen_text(app))
