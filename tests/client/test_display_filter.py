"""Nothing from outside reaches the terminal as more than visible characters, whichever widget shows it."""

from __future__ import annotations

import pytest
from rich.segment import ControlType, Segment
from rich.style import Style
from textual.color import Color
from textual.widgets import Static

from client.display_filter import DisplayFilter
from client.widgets.answer_view import AnswerView
from shared.frames import AgentSaid, AgentThought
from tests.client.link_for_tests import Switchboard, app_for_tests, screen_text, started, until

ATTACKS = {
    "escape": "\x1b[31mred",
    "OSC 52 ended by ST": "\x1b]52;c;aGVsbG8=\x1b\\",
    "C1 CSI": "\x9b31mred",
    "C1 OSC": "\x9d0;title\x9c",
    "bidi": "a\u202eb\u2066c",
    "zero width": "a\u200bb\ufeffc",
    "tag": "a\U000e0041b",
}
FORBIDDEN = set("\x1b\x9b\x9d\x9c\u202e\u2066\u200b\ufeff\U000e0041")
BLACK = Color(0, 0, 0)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
async def test_an_attack_through_the_real_app_stays_text(attack: str) -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board, size=(100, 45)) as pilot:
        link = board.links[0]
        app.main.tabs.front.composer.load_text(attack)
        await pilot.press("enter")
        link.reply(f"{attack}\n\n```\n{attack}\n```\n[{attack}](http://example.org/{attack})")
        link.update(AgentThought(attack))
        link.update(AgentSaid(attack))
        link.ask(name=attack, arguments={attack: attack})
        link.events.failed(attack)
        link.toolbox.show_notice(attack, attack)
        link.toolbox.show_track(attack)
        app.main.tabs.front.composer.load_text(attack)
        await app.main.mount(Static(attack, markup=False))  # a widget that trusts what it is given
        await until(pilot, lambda: len(app.main.tabs.front.transcript.query(AnswerView)) == 2)
        await pilot.pause()
        assert not FORBIDDEN & set(screen_text(app))
        for strip in app.screen._compositor.render_strips(app.size):
            assert not any(segment.style and FORBIDDEN & set(segment.style.link or "") for segment in strip)


def test_without_the_filter_the_attack_would_reach_the_terminal() -> None:
    segments = [Segment("\x1b[31m")]
    assert DisplayFilter().apply(segments, BLACK) == [Segment("␛[31m"[: Segment.get_line_length(segments)])]


def test_control_segments_of_textual_itself_pass() -> None:
    control = Segment("\x1b[?25l", None, [(ControlType.HIDE_CURSOR,)])
    assert DisplayFilter().apply([control], BLACK) == [control]


def test_a_line_never_grows() -> None:
    segments = [Segment("a\u200bb\u202e"), Segment("   ")]
    shown = DisplayFilter().apply(segments, BLACK)
    assert Segment.get_line_length(shown) == Segment.get_line_length(segments)
    assert "".join(segment.text for segment in shown) == "a�b� "


def test_a_link_in_a_style_is_cleaned_too() -> None:
    [segment] = DisplayFilter().apply([Segment("x", Style(link="http://a/\x1b\\"))], BLACK)
    assert segment.style is not None
    assert segment.style.link == "http://a/␛\\"


def test_harmless_lines_are_passed_on_as_they_are() -> None:
    segments = [Segment("plain"), Segment("中文 ❤")]
    assert DisplayFilter().apply(segments, BLACK) is segments


def test_an_emoji_made_of_several_characters_stays_one() -> None:
    segments = [Segment("👩‍👩‍👧 ❤️")]
    assert DisplayFilter().apply(segments, BLACK) == segments
