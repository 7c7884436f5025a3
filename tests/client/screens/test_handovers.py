"""Conversations change hands: held elsewhere, taken over, given away, and offered to this program."""

from __future__ import annotations

import pytest

from client.core.device_presets import PRESETS
from client.ports import ConnectedDevice, HandoffCode
from client.screens.handoff_code import HandoffCodeScreen
from client.screens.line_picker import LinePicker
from client.widgets.held_line import HeldLine
from shared.errors import LinkLostError
from shared.ids import ConnectionSignature, SessionId
from shared.news import HandedOver
from tests.client.link_for_tests import Switchboard, app_for_tests, screen_text, started, until
from tests.client.screens.test_news import notes

PC, PHONE, _ = PRESETS
OURS = ConnectedDevice(ConnectionSignature("ours"), PC, ("change_bgm",), is_self=True)
THEIRS = ConnectedDevice(ConnectionSignature("theirs"), PHONE, ("change_bgm",), is_self=False)


@pytest.mark.parametrize("way", ["tab", "enter", "command", "click", "send"])
async def test_a_held_tab_says_who_holds_it_keeps_the_draft_and_can_be_taken_over(way: str) -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        link, chat = board.links[0], app.main.tabs.front
        link.events.held(PHONE)
        await pilot.pause()
        assert "iPhone holds this conversation" in screen_text(app)
        draft = "" if way in {"enter", "command"} else "my draft"
        await pilot.press(*draft)
        if way == "command":
            await pilot.press(*"/take", "enter")
        elif way == "click":
            await pilot.click(HeldLine)
        else:
            await pilot.press({"tab": "tab", "enter": "enter", "send": "enter"}[way])
            assert link.take_overs == 0, "going there is not taking over"
            await pilot.press("enter")
        await until(pilot, lambda: link.take_overs == 1)
        assert chat.composer.text == draft
        assert link.said == []
        link.open()
        await pilot.pause()
        assert "holds this conversation." not in screen_text(app)
        await pilot.press(*"!")
        assert chat.composer.text.endswith("!")


async def test_what_is_typed_on_the_held_line_goes_to_the_draft() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        board.links[0].events.held(PHONE)
        await pilot.press("tab", *"taken", "space", "over")
        assert app.main.tabs.front.composer.text.startswith("taken")
        assert board.links[0].take_overs == 0


async def test_a_tab_that_holds_its_conversation_has_nothing_to_take() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"/take", "enter")
        await until(pilot, lambda: bool(notes(app.main.tabs.front)))
        assert board.links[0].take_overs == 0


async def test_a_conversation_is_handed_to_another_tab_of_the_persons() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        board.links[0].connected = [OURS, THEIRS]
        await pilot.press(*"/handoff", "enter")
        await until(pilot, lambda: isinstance(app.screen, LinePicker))
        assert "iPhone" in screen_text(app)
        await pilot.press("1")
        await until(pilot, lambda: board.links[0].handed_to == [THEIRS.connection])


async def test_another_machine_gets_a_code_with_how_long_it_counts_and_what_to_do() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        board.links[0].connected = [OURS]
        await pilot.press(*"/handoff", "enter")
        await until(pilot, lambda: isinstance(app.screen, LinePicker))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HandoffCodeScreen))
        assert board.links[0].handed_to == [None]
        for words in ("/join ABCD-EFGH-JKMN", "within 5", "once"):
            assert words in " ".join(screen_text(app).replace("│", "").split()), words


async def test_a_handoff_that_cannot_be_made_says_why() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        board.links[0].failure = LinkLostError("This tab is not connected to its server now.")
        await pilot.press(*"/handoff", "enter")
        await until(pilot, lambda: notes(app.main.tabs.front) == ["This tab is not connected to its server now."])


async def test_join_opens_a_tab_that_redeems_the_code() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"/join", "enter")
        await until(pilot, lambda: len(notes(app.main.tabs.front)) == 1)
        assert len(board.links) == 1
        await pilot.press(*"/join ABCD-EFGH", "enter")
        await until(pilot, lambda: len(board.links) == 2)
        assert board.links[1].start == HandoffCode("ABCD-EFGH")
        assert app.main.tabs.front is app.main.tabs.chats[1]


USED = "This code was used already."


async def test_a_wrong_code_leaves_no_tab_and_is_told_where_it_was_written_with_the_command_to_mend() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("ctrl+t")
        tabs = app.main.tabs
        for number in (3, 4):
            await pilot.press(*("/join ABCD-EFGH" if number == 3 else "X"), "enter")
            await until(pilot, lambda: len(board.links) == number)  # noqa: B023 (awaited here)
            board.links[-1].events.refused(USED)
            await until(pilot, lambda: len(tabs.chats) == 2)
            await until(pilot, board.links[-1].closed.is_set)
        assert tabs.front is tabs.chats[1]
        assert notes(tabs.chats[1]) == [USED, USED]
        assert notes(tabs.chats[0]) == []
        assert tabs.front.composer.text == "/join ABCD-EFGHX"
        assert tabs.front.composer.has_focus


async def test_a_tab_that_was_written_in_stays_when_its_code_is_refused() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"/join ABCD", "enter")
        await until(pilot, lambda: len(board.links) == 2)
        await pilot.press(*"my words")
        board.links[1].events.refused(USED)
        await until(pilot, lambda: notes(app.main.tabs.chats[1]) == [USED])
        assert app.main.tabs.front.composer.text == "my words"
        assert app.main.tabs.front is app.main.tabs.chats[1]


async def test_a_refusal_neither_moves_the_person_nor_touches_what_is_written_since() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        tabs = app.main.tabs
        await pilot.press(*"/join ABCD", "enter")
        await until(pilot, lambda: len(board.links) == 2)
        await pilot.press("alt+1", *"half a", "ctrl+t")
        third = tabs.front
        board.links[1].events.refused(USED)
        await until(pilot, lambda: len(tabs.chats) == 2)
        assert tabs.front is third
        assert (tabs.chats[0].composer.text, notes(tabs.chats[0])) == ("half a", [USED])


async def test_a_refused_code_whose_own_tab_is_gone_leaves_its_tab_there() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"/join ABCD", "enter")
        await until(pilot, lambda: len(board.links) == 2)
        await pilot.press("alt+1", "f4")
        await until(pilot, lambda: len(app.main.tabs.chats) == 1)
        board.links[1].events.refused(USED)
        await until(pilot, lambda: notes(app.main.tabs.front) == [USED])


async def test_what_was_handed_here_too_late_leaves_no_tab_and_is_told_where_it_was_offered() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        board.links[0].events.heard_news(HandedOver(SessionId("far"), "ABCD", PHONE))
        await until(pilot, lambda: len(board.links) == 2)
        board.links[1].events.refused(USED)
        await until(pilot, lambda: len(app.main.tabs.chats) == 1)
        assert notes(app.main.tabs.front) == [USED]
        assert app.main.tabs.front.composer.text == ""


async def test_what_is_handed_here_opens_beside_unread_and_takes_no_focus() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("ctrl+t", *"typ")
        first, second = app.main.tabs.chats
        board.links[0].events.heard_news(HandedOver(SessionId("far"), "ABCD", PHONE))
        await pilot.press(*"ing")
        await until(pilot, lambda: len(board.links) == 3)
        assert app.main.tabs.chats[0] is first
        assert app.main.tabs.chats[2] is second
        assert app.main.tabs.front is second
        assert second.composer.text == "typing"
        beside = app.main.tabs.chats[1]
        assert beside.state.is_unread
        assert board.links[2].start == HandoffCode("ABCD")
        assert any("iPhone" in note for note in notes(beside))
