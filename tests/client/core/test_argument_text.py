"""Arguments are written in full, and nothing in them can pass for something else."""

from __future__ import annotations

from client.core.argument_text import ShownArgument, one_line, shown_arguments


def test_text_and_numbers_are_told_apart() -> None:
    assert shown_arguments({"a": "1", "b": 1, "c": None, "d": True}) == (
        ShownArgument("a", '"1"', is_block=False),
        ShownArgument("b", "1", is_block=False),
        ShownArgument("c", "null", is_block=False),
        ShownArgument("d", "true", is_block=False),
    )


def test_text_of_several_lines_keeps_its_lines_and_names_what_is_invisible() -> None:
    assert shown_arguments({"content": "one\ntwo\u202e\x1b"}) == (
        ShownArgument("content", "one\ntwo⟨U+202E⟩⟨ESC⟩", is_block=True),
    )


def test_a_name_with_invisible_characters_shows_them() -> None:
    assert shown_arguments({"pa\u200bth": 1})[0].name == "pa⟨U+200B⟩th"


def test_large_structures_are_laid_out_in_full() -> None:
    shown = shown_arguments({"items": ["x" * 40, "y" * 40]})[0]
    assert shown.is_block
    assert "x" * 40 in shown.text
    assert "y" * 40 in shown.text


def test_the_short_form_is_one_line_and_says_that_it_was_cut() -> None:
    line = one_line({"a": "x\ny", "b": "z" * 100}, 20)
    assert "\n" not in line
    assert len(line) == 20
    assert line.endswith("…")
