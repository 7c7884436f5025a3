"""Invisible and controlling characters become visible; what people write every day stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.core.visible_text import visible, visible_cells


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


@given(st.text(alphabet=st.characters(), max_size=50))
def test_no_control_or_bidi_character_is_ever_left(text: str) -> None:
    for shown in (visible(text, keep=""), visible_cells(text)):
        assert not any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F or 0x202A <= ord(c) <= 0x202E for c in shown)


@given(st.text(alphabet=st.sampled_from("a\x1b\x9b\u202e\u200b\U000e0041😀"), max_size=30))
def test_the_form_of_one_cell_keeps_the_number_of_characters(text: str) -> None:
    assert len(visible_cells(text)) == len(text)
