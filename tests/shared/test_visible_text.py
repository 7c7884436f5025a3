"""Invisible and controlling characters become visible; what people write every day stays as it is."""

from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.visible_text import exact, logged, visible, visible_cells


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "⟨ESC⟩[31mred"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("safe\u202etxt.exe", "safe⟨U+202E⟩txt.exe"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("line\u2028break", "line⟨U+2028⟩break"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("bell\x07", "bell⟨BEL⟩"),
        ("over\rwritten", "over⟨CR⟩written"),
    ],
)
def test_a_character_that_hides_or_controls_is_named(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    ["plain", "two\nlines\tand a tab", "Ünïcödé 中文 ไทย العربية", "👩‍👩‍👧 ❤️ 1️⃣ 👩🏽‍🔬 🏳️‍🌈"],
)
def test_everyday_text_and_emoji_stay_as_they_are(text: str) -> None:
    assert visible(text) is text or visible(text) == text


def test_what_is_not_kept_is_named_too() -> None:
    assert visible("a\nb", keep="") == "a⟨LF⟩b"


@pytest.mark.parametrize(
    "code",
    [0x0600, 0x06DD, 0x070F, 0x08E2, 0x110BD, 0x110CD, 0x13430, 0x1345F, 0x16FE4, 0x1BCA0, 0x1BCA3, 0x2800, 0xFFF0],
)
def test_a_character_that_is_seen_nowhere_or_seldom_is_named(code: int) -> None:
    assert visible(f"a{chr(code)}b") == f"a⟨U+{code:04X}⟩b"


def test_every_format_character_is_named_but_what_holds_an_emoji() -> None:
    formats = [chr(code) for code in range(0x110000) if category(chr(code)) == "Cf"]
    assert [ascii(character) for character in formats if visible(character) == character] == []


def test_where_a_person_is_asked_every_space_but_the_usual_one_is_named() -> None:
    spaces = [chr(code) for code in range(0x110000) if category(chr(code)) == "Zs" and code != 0x20]
    assert [space for space in spaces if exact(space) != f"⟨U+{ord(space):04X}⟩"] == []
    assert exact("rm -rf\u00a0x") == "rm -rf⟨U+00A0⟩x"
    assert visible("10\u202f000\u00a0€") == "10\u202f000\u00a0€"
    assert exact("a b\n\tc ❤️ 中文", keep="\n") == "a b\n⟨TAB⟩c ❤️ 中文"


@given(st.text(alphabet=st.characters(), max_size=50))
def test_no_control_or_bidi_character_is_ever_left(text: str) -> None:
    for shown in (visible(text, keep=""), visible_cells(text)):
        assert not any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F or 0x202A <= ord(c) <= 0x202E for c in shown)


@given(st.text(alphabet=st.sampled_from("a\x1b\x9b\u202e\u200b\U000e0041😀"), max_size=30))
def test_the_form_of_one_cell_keeps_the_number_of_characters(text: str) -> None:
    assert len(visible_cells(text)) == len(text)


def test_a_line_for_the_log_has_them_as_python_writes_them() -> None:
    assert logged("a\x1b[2J\u202e\U000e0041\n\tb ❤️") == "a\\x1b[2J\\u202e\\U000e0041\n\tb ❤️"
