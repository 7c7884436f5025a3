"""Links in answers say where they lead, in the live answer and in the finished one, and cannot be clicked."""

from __future__ import annotations

import time

import pytest
from textual.await_complete import AwaitComplete

from client.widgets.answer_view import MOST_MARKDOWN, AnswerView
from client.widgets.live_answer import MOST_AT_ONCE, MOST_OPEN, LiveAnswer
from client.widgets.written_links import MOST_WORDS, finished_parser, live_parser
from shared.frames import AgentSaid, TurnEnded
from tests.client.link_for_tests import Switchboard, app_for_tests, screen_text, started, until

LINKS = (
    ("[my bank](https://evil.example/login)", "my bank (https://evil.example/login)"),
    ("[https://bank.example](https://evil.example)", "https://bank.example (https://evil.example)"),
    ("[x](https://\u0430pple.com/)", "x (https://xn--pple-43d.com/)"),
    ("[x](https://bank.example@evil.example)", "x (https://bank.example@evil.example)"),
    ("![a picture](https://evil.example/seen.png)", "a picture (https://evil.example/seen.png)"),
    ("[x][r]\n\n[r]: https://evil.example 'https://bank.example'", "x (https://evil.example)"),
)


@pytest.mark.parametrize(("markdown", "shown"), LINKS, ids=[str(number) for number in range(len(LINKS))])
async def test_a_link_shows_its_target_live_and_finished(markdown: str, shown: str) -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board, size=(100, 30)) as pilot:
        transcript = app.main.tabs.front.transcript
        await pilot.press(*"hi", "enter")
        message = board.links[0].take()
        board.links[0].update(AgentSaid(markdown))
        await until(pilot, lambda: bool(transcript.query(LiveAnswer)) and shown in screen_text(app))
        for widget in transcript.query("*"):
            for strip in widget.render_lines(widget.size.region):
                assert not any(s.style and (s.style.link or "@click" in s.style.meta) for s in strip)
        board.links[0].update(TurnEnded(message, "end_turn"))
        await until(pilot, lambda: bool(transcript.query(AnswerView)) and not transcript.query(LiveAnswer))
        await until(pilot, lambda: shown in screen_text(app))


async def test_an_address_that_stands_there_is_not_written_twice() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board, size=(100, 30)) as pilot:
        await pilot.press(*"hi", "enter")
        board.links[0].reply("see <https://example.org/a> or [https://example.org/b](https://example.org/b)")
        await until(pilot, lambda: "see https://example.org/a or https://example.org/b" in screen_text(app))
        assert "(https" not in screen_text(app)


@pytest.mark.parametrize("unit", ["a.com/(", "http://a.b/(", "www.a.b(", "![", "![\n\n", "a@b."])
def test_an_answer_that_is_made_to_be_slow_is_read_at_once(unit: str) -> None:
    for parser in (live_parser(), finished_parser()):
        began = time.process_time()
        parser.parse(unit * (60_000 // len(unit)))
        assert time.process_time() - began < 1


def test_an_address_without_brackets_is_only_text() -> None:
    for parser in (live_parser(), finished_parser()):
        words = parser.parse("see https://example.org and www.example.org")[1].children
        assert [token.type for token in words or []] == ["text"]


def test_a_paragraph_that_is_very_long_stays_as_it_was_written() -> None:
    for parser in (live_parser(), finished_parser()):
        short, _, long = [t for t in parser.parse("*a*\n\n" + "*b* " * MOST_WORDS) if t.type != "paragraph_open"][:3]
        assert [token.type for token in short.children or []] == ["em_open", "text", "em_close"]
        assert [token.type for token in long.children or []] == ["text"]


async def test_a_long_answer_comes_in_bounded_pieces_and_in_full() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board, size=(100, 30)) as pilot:
        transcript = app.main.tabs.front.transcript
        await pilot.press(*"hi", "enter")
        message = board.links[0].take()
        said = "*word* " * (MOST_MARKDOWN // 7) + "\nand the end"
        taken: list[int] = []
        for begin in range(0, len(said), MOST_AT_ONCE * 3):
            board.links[0].update(AgentSaid(said[begin : begin + MOST_AT_ONCE * 3]))
        await until(pilot, lambda: bool(transcript.query(LiveAnswer)))
        live = transcript.query_one(LiveAnswer)
        honest = live.append

        def append(markdown: str) -> AwaitComplete:
            taken.append(len(markdown))
            return honest(markdown)

        live.append = append  # type: ignore[method-assign]
        await until(pilot, lambda: "and the end" in screen_text(app))
        assert max(taken, default=0) <= MOST_AT_ONCE
        assert len(live.source) <= MOST_OPEN
        board.links[0].update(TurnEnded(message, "end_turn"))
        await until(pilot, lambda: bool(transcript.query(AnswerView)) and not transcript.query(LiveAnswer))
        await until(pilot, lambda: "and the end" in screen_text(app))
