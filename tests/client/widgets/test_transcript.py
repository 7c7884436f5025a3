"""The transcript: text from outside stays text, a hidden tab draws nothing, long chats stay light."""

from __future__ import annotations

from client.widgets.answer_view import AnswerView
from client.widgets.earlier_line import EarlierLine
from client.widgets.live_answer import LiveAnswer
from client.widgets.said_view import SaidView
from client.widgets.tool_card import ToolCardView
from client.widgets.transcript import MOST_VIEWS, PAGE
from shared.frames import AgentSaid, AgentThought, ToolChanged, TurnEnded, UserSaid
from shared.ids import MessageId, ToolCallId
from tests.client.link_for_tests import LinkForTests, Switchboard, app_for_tests, screen_text, started, until

MARKUP = "[@click=app.quit]press me[/] [bold]x[/bold] [/broken]"


async def test_the_live_answer_is_markdown_and_collapses_when_finished() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        link, transcript = board.links[0], app.main.tabs.front.transcript
        await pilot.press(*"hi", "enter")
        message = link.take()
        link.update(AgentSaid("# Title\n\nsome **bo"))
        link.update(AgentSaid("ld** text"))
        await until(pilot, lambda: "some bold text" in screen_text(app))
        assert len(transcript.query(LiveAnswer)) == 1
        link.update(TurnEnded(message, "end_turn"))
        await until(pilot, lambda: not transcript.query(LiveAnswer))
        assert len(transcript.query(AnswerView)) == 1
        assert "some bold text" in screen_text(app)
        assert "**" not in screen_text(app)


async def test_text_from_outside_is_never_markup() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board, size=(100, 40)) as pilot:
        link = board.links[0]
        app.main.tabs.front.composer.load_text(MARKUP)
        await pilot.press("enter")
        link.reply(f"`{MARKUP}`")
        link.update(AgentThought(MARKUP))
        link.ask(name=MARKUP, arguments={MARKUP: MARKUP})
        link.events.failed(MARKUP)
        link.toolbox.show_notice(MARKUP, MARKUP)
        link.toolbox.show_track(MARKUP)
        await until(pilot, lambda: screen_text(app).count("[@click=app.quit]") >= 6)
        assert app.is_running


async def test_a_hidden_tab_mounts_nothing_and_shows_everything_when_it_comes_to_the_front() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        hidden = app.main.tabs.front
        await pilot.press("ctrl+t")
        board.links[0].update(UserSaid(MessageId("m"), "asked from afar"))
        board.links[0].update(TurnEnded(MessageId("m"), "end_turn"))
        board.links[0].update(AgentSaid("answered in the dark"))
        await pilot.pause()
        assert not hidden.transcript.query(SaidView)
        assert "1 ●" in screen_text(app).splitlines()[0]
        await pilot.press("alt+1")
        await until(pilot, lambda: "answered in the dark" in screen_text(app))
        assert "1 ●" not in screen_text(app).splitlines()[0]
        board.links[0].update(AgentSaid(" and goes on"))
        await until(pilot, lambda: "answered in the dark and goes on" in screen_text(app))


def talk(link: LinkForTests, turns: int) -> None:
    for number in range(turns):
        message = MessageId(f"m{link.seq}")
        link.update(UserSaid(message, f"question {number}"))
        link.update(AgentSaid(f"answer {number}"))
        link.update(TurnEnded(message, "end_turn"))


async def test_a_long_chat_lets_old_entries_go_and_brings_them_back_on_scrolling_up() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        link, transcript = board.links[0], app.main.tabs.front.transcript
        for _ in range(12):
            talk(link, 10)
            await until(pilot, lambda: transcript.is_up_to_date)
            await pilot.pause()
        assert not transcript.query(LiveAnswer)
        assert len(transcript.query(SaidView)) * 2 <= MOST_VIEWS
        assert "answer 9" in screen_text(app)
        before, hidden = len(transcript.query(SaidView)), transcript.query_one(EarlierLine).count
        assert hidden > PAGE
        transcript.focus()
        await pilot.press("home")
        await until(pilot, lambda: len(transcript.query(SaidView)) > before)
        assert transcript.query_one(EarlierLine).count == hidden - PAGE


async def test_typing_in_the_transcript_is_typing_the_draft() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        app.main.tabs.front.transcript.focus()
        await pilot.pause()
        await pilot.press("h", "i")
        assert app.main.tabs.front.composer.text == "hi"


async def test_a_tool_card_opens_and_closes() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board, size=(90, 40)) as pilot:
        link = board.links[0]
        link.ask(arguments={"track": 1, "note": "two\nlines"})
        link.update(ToolChanged(ToolCallId("call-1"), "completed", {"success": True, "detail": "played"}))
        await until(pilot, lambda: "done" in screen_text(app))
        assert '"played"' not in screen_text(app)
        await pilot.click(ToolCardView)
        assert '"played"' in screen_text(app)
        assert "│ lines" in screen_text(app)
        await pilot.press("enter")
        assert '"played"' not in screen_text(app)
        await pilot.press("ctrl+o")
        assert '"played"' in screen_text(app)
