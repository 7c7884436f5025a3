"""A tab whose conversation is held elsewhere keeps what is written; one that is cleared shows what is told anew."""

from __future__ import annotations

from client.widgets.said_view import SaidView
from shared.frames import Device
from tests.client.link_for_tests import Switchboard, app_for_tests, screen_text, started, until


async def test_a_held_conversation_is_read_only_names_its_holder_and_keeps_the_draft() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        link, tab = board.links[0], app.main.tabs.front
        link.events.held(Device("iphone", "iPhone", "phone"))
        await until(pilot, lambda: "held by iPhone" in screen_text(app).splitlines()[-1])
        await pilot.press(*"hi", "enter")
        await pilot.pause()
        assert (tab.composer.text, link.said) == ("hi", [])
        assert "iPhone holds this conversation" in screen_text(app)
        link.open()
        await pilot.press("enter")
        await until(pilot, lambda: [text for _, text in link.said] == ["hi"])


async def test_a_cleared_transcript_is_empty_until_it_is_told_again() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        link, tab = board.links[0], app.main.tabs.front
        await pilot.press(*"hi", "enter")
        link.reply("an answer")
        await until(pilot, lambda: "an answer" in screen_text(app))
        link.events.resuming()
        await until(pilot, lambda: "resuming" in screen_text(app).splitlines()[-1])
        link.events.cleared()
        await until(pilot, lambda: not tab.transcript.query(SaidView) and "an answer" not in screen_text(app))
        link.seq = 0
        link.reply("told again")
        await until(pilot, lambda: "told again" in screen_text(app))
        assert len(tab.transcript.query(SaidView)) == 1
