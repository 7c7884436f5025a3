"""Keys that come faster than the app works keep their order: none overtakes another, none lands elsewhere."""

from __future__ import annotations

from client.screens.confirm import ConfirmScreen
from shared.frames import ApprovalAnswered, Choice
from shared.ids import ToolCallId
from tests.client.link_for_tests import HeldClock, Switchboard, app_for_tests, burst, started, until


async def test_enter_does_not_overtake_the_letters_before_it() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        burst(app, *"one", "enter", *"two", "backspace", "x", "enter", *"three")
        await pilot.pause()
        assert [text for _id, text in board.links[0].said] == ["one", "twx"]
        assert app.main.tabs.front.composer.text == "three"


async def test_letters_after_escape_go_to_the_draft_and_not_to_the_prompt() -> None:
    clock, board = HeldClock(), Switchboard()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        board.links[0].ask()
        await pilot.pause()
        await pilot.press("tab")
        clock.now += 1
        burst(app, "escape", *"are")
        await pilot.pause()
        assert board.links[0].answers == []
        assert app.main.tabs.front.composer.text == "are"


async def test_letters_after_the_last_answer_go_to_the_draft() -> None:
    clock, board = HeldClock(), Switchboard()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        board.links[0].ask()
        await pilot.pause()
        await pilot.press("tab")
        clock.now += 1
        burst(app, "a", *"rest")
        await pilot.pause()
        assert board.links[0].answers == [ApprovalAnswered(ToolCallId("call-1"), Choice.ALLOW_ONCE)]
        assert app.main.tabs.front.composer.text == "rest"


async def test_leaving_right_after_typing_does_not_lose_the_draft() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        burst(app, *"draft", "ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))


async def test_letters_around_a_tab_switch_land_in_their_tabs() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        burst(app, *"first", "ctrl+t", *"second", "ctrl+pageup", *"!")
        await pilot.pause()
        assert [chat.composer.text for chat in app.main.tabs.chats] == ["first!", "second"]
