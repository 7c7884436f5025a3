"""A tab behind another one is unread for what was said in it, and not for what its line went through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from client.core.device_presets import PRESETS
from client.widgets.chat_tab import ChatTab
from shared.frames import AgentSaid, UserSaid
from shared.ids import MessageId
from tests.client.link_for_tests import LinkForTests, Switchboard, app_for_tests, started

PHONE = PRESETS[1]


@asynccontextmanager
async def behind() -> AsyncIterator[tuple[Pilot[None], LinkForTests, ChatTab]]:
    """A tab in which something was said and read, behind a new one."""
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press(*"hi", "enter")
        board.links[0].reply("an answer")
        await pilot.press("ctrl+t")
        chat = app.main.tabs.chats[0]
        assert not chat.state.is_unread
        yield pilot, board.links[0], chat


async def test_a_short_break_of_the_line_leaves_a_quiet_tab_read() -> None:
    async with behind() as (pilot, link, chat):
        link.events.interrupted("The connection was lost.")
        link.events.connecting(1, "")
        link.events.resuming()
        link.open()
        await pilot.pause()
        assert not chat.state.is_unread
        link.update(AgentSaid("more"))
        assert chat.state.is_unread


async def test_a_transcript_told_again_is_nothing_new_and_what_comes_behind_it_is() -> None:
    async with behind() as (_, link, chat):
        link.events.interrupted("The connection was lost.")
        link.events.cleared()
        link.open()
        link.seq = 0
        link.reply("an answer")
        assert not chat.state.is_unread
        link.update(UserSaid(MessageId("m2"), "from another device"))
        assert chat.state.is_unread


@pytest.mark.parametrize("is_working", [False, True])
async def test_a_session_that_ends_with_its_line_is_unread_if_an_answer_was_cut_off(*, is_working: bool) -> None:
    async with behind() as (_, link, chat):
        if is_working:
            link.update(UserSaid(MessageId("m2"), "more"))
            chat.is_unread = False
        link.events.lost("The connection was lost.")
        assert chat.state.is_unread is is_working


async def test_who_holds_a_conversation_is_no_word_of_it() -> None:
    async with behind() as (_, link, chat):
        link.events.held(PHONE)
        assert not chat.state.is_unread
        link.ask()
        assert chat.state.is_unread


async def test_a_conversation_lost_there_is_unread_and_so_is_all_that_follows() -> None:
    async with behind() as (_, link, chat):
        link.events.cleared()
        link.events.session_lost("The conversation was lost on the server.")
        assert chat.state.is_unread
        chat.is_unread = False
        link.seq = 0
        link.update(UserSaid(MessageId("m2"), "anew"))
        assert chat.state.is_unread
