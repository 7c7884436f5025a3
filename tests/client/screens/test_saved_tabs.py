"""The tabs of last time stand there again before any line connects, and what changes is soon on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from client.app import RingbackApp
from client.core.device_presets import PRESETS
from client.core.saved_tabs import SavedTab, SavedTabs, read_tabs
from client.core.tab_mark import Mark
from client.core.transcript_entries import Delivery, Said
from client.ports import Resumed
from client.saved_tabs_file import NAME, NEW, SavedTabsFile
from client.widgets.chat_tab import ChatTab
from client.widgets.chat_tabs import ChatTabs
from shared.frames import AgentSaid, TurnEnded, UserSaid
from shared.ids import MessageId, SessionId
from tests.client.link_for_tests import LinkForTests, Switchboard, app_for_tests, burst, screen_text, started, until

PC, PHONE, _ = PRESETS
FIRST = Resumed(SessionId("one"), 3, "secret one")
SECOND = Resumed(SessionId("two"), 2, "secret two")
SAVED = SavedTabs(
    (
        SavedTab(PC, name="What I said first", start=FIRST, draft="a draft\nof two lines", is_unread=True),
        SavedTab(PHONE, title="The party", start=SECOND, rows_below=7),
        SavedTab(PC, draft="never sent", unsent=((MessageId("m-1"), "said while offline"),)),
    ),
    active=1,
)


def file_in(folder: Path) -> SavedTabsFile:
    file = SavedTabsFile(folder)
    assert file.hold()
    return file


async def on_disk(pilot: Pilot[None], folder: Path, true: Callable[[SavedTabs], bool]) -> None:
    def is_true() -> bool:
        path = folder / NAME
        return path.exists() and true(read_tabs(path.read_bytes()))

    async with asyncio.timeout(5):
        while not is_true():
            await pilot.pause(0.05)


def links_of(app: RingbackApp, board: Switchboard) -> list[LinkForTests]:
    """The links from the leftmost tab's to the rightmost one's; the tab in front is the first to get one."""
    links = {link.events: link for link in board.links}
    return [links[chat] for chat in app.main.tabs.chats]


def tell(link: LinkForTests, number: int, rows: int = 1) -> None:
    """One turn of three updates."""
    link.update(UserSaid(MessageId(f"told-{number}"), f"question {number}"))
    link.update(AgentSaid("\n\n".join(f"line {row}" for row in range(rows))))
    link.update(TurnEnded(MessageId(f"told-{number}"), "end_turn"))


async def test_titles_drafts_marks_and_the_front_tab_are_there_before_any_line() -> None:
    board = Switchboard(opens_at_once=False)
    app = app_for_tests(board, saved=SAVED)
    async with started(app, board, (120, 30), links=3):
        tabs = app.main.tabs
        assert [chat.composer.text for chat in tabs.chats] == ["a draft\nof two lines", "", "never sent"]
        assert [chat.device for chat in tabs.chats] == [PC, PHONE, PC]
        assert tabs.front is tabs.chats[1]
        assert [chat.title for chat in tabs.chats] == ["What I said first", "The party", "said while offline"]
        assert [chat.state.is_unread for chat in tabs.chats] == [True, False, False]
        assert "The party" in screen_text(app)
        from_the_beginning = [replace(FIRST, last_seq=0), replace(SECOND, last_seq=0), None]
        assert [link.start for link in links_of(app, board)] == from_the_beginning
        assert board.links[0].events is tabs.front


async def no_more(_tabs: ChatTabs, _is_there: Callable[[ChatTab], None]) -> None:
    """In place of ``ChatTabs.complete``: the moment after the first picture, which lasts."""


async def test_the_tabs_behind_the_first_picture_cost_nothing_and_are_kept_as_they_were(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ChatTabs, "complete", no_more)
    app = app_for_tests(board := Switchboard(), saved=SAVED, file=file_in(tmp_path))
    async with started(app, board, (120, 30), links=0) as pilot:
        first, front, third = app.main.tabs.chats
        await pilot.press("x")
        assert front.composer.text == "x"
        assert app.main.saved() == replace(
            SAVED, tabs=(SAVED.tabs[0], replace(SAVED.tabs[1], draft="x"), SAVED.tabs[2])
        )
        assert [chat.state.mark for chat in (first, front, third)] == [Mark.NOT_CONNECTED] * 3
        assert [{"foot", "transcript"} & set(vars(chat)) for chat in (first, third)] == [set(), set()]
    assert len(read_tabs((tmp_path / NAME).read_bytes()).tabs) == 3


async def test_a_tab_that_is_gone_to_before_it_is_there_gets_the_next_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChatTabs, "complete", no_more)
    app = app_for_tests(board := Switchboard(), saved=SAVED)
    async with started(app, board, (120, 30), links=0) as pilot:
        burst(app, "alt+3", "x", "ctrl+pageup", "y", "alt+1", "z")
        first, second, third = app.main.tabs.chats
        await until(pilot, lambda: first.is_mounted and "z" in first.composer.text)
        drafts = [chat.composer.text for chat in (first, second, third)]
        assert [draft.replace(key, "") for draft, key in zip(drafts, "zyx", strict=True)] == [
            tab.draft for tab in SAVED.tabs
        ]
        assert app.main.tabs.front is first


async def test_a_tab_is_closed_before_it_and_the_one_beside_it_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChatTabs, "complete", no_more)
    saved = SavedTabs((SavedTab(PC, title="One"), SavedTab(PC, title="Two"), SavedTab(PC, title="Three")))
    app = app_for_tests(board := Switchboard(), saved=saved)
    async with started(app, board, (120, 30), links=0) as pilot:
        first, second, third = app.main.tabs.chats
        app.main.desk.close_chat(second)
        await until(pilot, lambda: app.main.tabs.chats == [first, third])
        assert app.main.tabs.front is first
        await pilot.press("f4")
        await until(pilot, lambda: app.main.tabs.chats == [third])
        await pilot.press("x")
        assert third.composer.text == "x"


async def test_what_was_said_offline_is_said_again_under_its_id() -> None:
    board = Switchboard(opens_at_once=False)
    app = app_for_tests(board, saved=SAVED)
    async with started(app, board, links=3) as pilot:
        link = links_of(app, board)[2]
        await until(pilot, lambda: link.said == [(MessageId("m-1"), "said while offline")])
        assert link.repeated == [MessageId("m-1")]
        (said,) = app.main.tabs.chats[2].conversation.entries.values()
        assert said == Said("m-1", "said while offline", Delivery.WAITING)


async def test_what_is_told_again_is_nothing_new_and_what_came_since_is() -> None:
    board = Switchboard()
    saved = SavedTabs((SavedTab(PC, start=FIRST), SavedTab(PHONE, start=SECOND)), active=1)
    app = app_for_tests(board, saved=saved)
    async with started(app, board, links=2) as pilot:
        chat, link = app.main.tabs.chats[0], links_of(app, board)[0]
        tell(link, 1)
        await pilot.pause()
        assert not chat.state.is_unread
        tell(link, 2)
        await pilot.pause()
        assert chat.state.is_unread


async def test_the_person_is_where_they_were_in_a_transcript_told_again() -> None:
    board = Switchboard()
    app = app_for_tests(board, saved=SavedTabs((SavedTab(PC, start=FIRST, rows_below=12),)))
    async with started(app, board) as pilot:
        transcript = app.main.tabs.front.transcript
        tell(board.links[0], 1, rows=60)
        await until(pilot, lambda: round(transcript.max_scroll_y - transcript.scroll_y) == 12)
        assert transcript.max_scroll_y > 12
        assert app.main.saved().tabs[0].rows_below == 12


async def test_what_does_not_fill_the_screen_is_left_at_its_end() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        link = board.links[0]
        tell(link, 1)
        await until(pilot, lambda: "line 0" in screen_text(app))
        link.resumable = FIRST
        assert app.main.saved().tabs[0].rows_below == 0
        await pilot.press("ctrl+t")
        assert app.main.saved().tabs[0].rows_below == 0


async def test_a_place_that_the_transcript_is_too_short_for_is_its_end_and_what_comes_is_followed() -> None:
    board = Switchboard()
    app = app_for_tests(board, saved=SavedTabs((SavedTab(PC, start=FIRST, rows_below=12),)))
    async with started(app, board) as pilot:
        link, transcript = board.links[0], app.main.tabs.front.transcript
        tell(link, 1)
        await until(pilot, lambda: "line 0" in screen_text(app))
        await until(pilot, lambda: app.main.saved().tabs[0].rows_below == 0)
        tell(link, 2, rows=60)
        await until(pilot, lambda: "line 59" in screen_text(app))
        assert transcript.is_vertical_scroll_end


async def test_until_the_transcript_is_told_again_nothing_of_what_was_saved_is_forgotten(tmp_path: Path) -> None:
    board = Switchboard(opens_at_once=False)
    app = app_for_tests(board, saved=SAVED, file=file_in(tmp_path))
    async with started(app, board, links=3):
        for link in links_of(app, board)[:2]:
            assert isinstance(link.start, Resumed)
            link.resumable = Resumed(link.start.session_id, 1, link.start.lease_secret)
        assert app.main.saved().tabs[:2] == SAVED.tabs[:2]
    written = read_tabs((tmp_path / NAME).read_bytes())
    assert written.tabs[:2] == SAVED.tabs[:2]
    assert written.tabs[2].unsent == SAVED.tabs[2].unsent


async def test_a_draft_and_a_title_are_on_the_disk_within_a_second_and_a_closed_tab_is_not(tmp_path: Path) -> None:
    board = Switchboard()
    app = app_for_tests(board, file=file_in(tmp_path))
    async with started(app, board) as pilot:
        await pilot.press(*"half a")
        await on_disk(pilot, tmp_path, lambda saved: [tab.draft for tab in saved.tabs] == ["half a"])
        await pilot.press("ctrl+t", *"/rename Trip", "enter", *"bye")
        await on_disk(pilot, tmp_path, lambda saved: [tab.title for tab in saved.tabs] == [None, "Trip"])
        assert "Trip" in screen_text(app)
        await pilot.press("f4")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("y")
        await on_disk(pilot, tmp_path, lambda saved: len(saved.tabs) == 1)


async def test_leaving_saves_what_was_written_last_and_asks_nothing(tmp_path: Path) -> None:
    board = Switchboard()
    app = app_for_tests(board, file=file_in(tmp_path))
    async with started(app, board) as pilot:
        await pilot.press(*"the last words", "ctrl+q")
        await until(pilot, lambda: not app.is_running)
    assert read_tabs((tmp_path / NAME).read_bytes()).tabs[0].draft == "the last words"


async def test_what_could_not_be_read_or_saved_is_said(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("{")
    file = file_in(tmp_path)
    board = Switchboard()
    app = app_for_tests(board, saved=file.read(), file=file)
    async with started(app, board) as pilot:
        await until(pilot, lambda: "could not be read" in screen_text(app))
        (tmp_path / NAME).unlink(missing_ok=True)
        (tmp_path / NAME).mkdir()
        await pilot.press(*"x")
        await until(pilot, lambda: "cannot be saved" in screen_text(app))


async def test_a_draft_that_cannot_be_saved_is_asked_about_before_leaving(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    (tmp_path / NEW).mkdir()
    board = Switchboard()
    app = app_for_tests(board, file=file)
    async with started(app, board) as pilot:
        await pilot.press(*"the last words", "ctrl+q")
        await until(pilot, lambda: "a draft that was not sent" in screen_text(app))
        await pilot.press("escape")
        (tmp_path / NEW).rmdir()
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)
    assert read_tabs((tmp_path / NAME).read_bytes()).tabs[0].draft == "the last words"


async def test_a_tab_keeps_its_name_while_something_unsent_waits_to_be_told_behind_the_rest() -> None:
    board = Switchboard(opens_at_once=False)
    tab = SavedTab(PC, name="What I said first", start=FIRST, unsent=((MessageId("m-1"), "said while offline"),))
    app = app_for_tests(board, saved=SavedTabs((tab,)))
    async with started(app, board) as pilot:
        await until(pilot, lambda: bool(app.main.tabs.front.conversation.waiting))
        assert app.main.tabs.front.title == "What I said first"
        assert app.main.saved().tabs[0].name == "What I said first"
