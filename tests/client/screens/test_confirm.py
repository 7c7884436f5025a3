"""A question: its answers are on every screen, and all that would be lost can be read."""

from __future__ import annotations

import pytest

from client.core import reset_words
from client.screens.confirm import ConfirmScreen
from tests.client.link_for_tests import Switchboard, app_for_tests, screen_text, started, until

LOST = "It was changed elsewhere while you edited it. Now it is " + '{"a": ' * 9


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (80, 24)])
@pytest.mark.parametrize("number", [0, 1], ids=["reset", "overwrite"])
async def test_both_answers_stand_on_every_screen_and_all_losses_can_be_scrolled_to(
    size: tuple[int, int], number: int
) -> None:
    asked = (
        ConfirmScreen(reset_words.QUESTION, reset_words.LOSSES, reset_words.YES, reset_words.NO),
        ConfirmScreen(f"Overwrite {'k' * 120}?", (LOST,), "Overwrite it", "Go on editing"),
    )[number]
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board, size=size) as pilot:
        await app.push_screen(asked)
        yes, no = ("Forget it all  y", "Keep it  Esc") if number == 0 else ("Overwrite it  y", "Go on editing  Esc")
        await until(pilot, lambda: yes in screen_text(app) and no in screen_text(app))
        last = "first." if number == 0 else '{"a": {"a":'
        await pilot.press(*["down"] * 12)
        await until(pilot, lambda: last in screen_text(app))
        assert yes in screen_text(app)


async def test_a_loss_of_several_lines_stands_beside_its_mark() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await app.push_screen(ConfirmScreen("Go?", (" ".join(["word"] * 20),), "Yes", "No"))
        await until(pilot, lambda: "• word" in screen_text(app))
        rows = [row for row in screen_text(app).splitlines() if "word word" in row]
        assert len({row.index("word") for row in rows}) == 1
