"""What a file would lose and gain."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from client.core import diff_lines as module
from client.core.approval_preview import BlockLine, Sign
from client.core.diff_lines import added_lines, diff_lines
from client.core.write_preview import write_preview


def drawn(lines: tuple[BlockLine, ...]) -> list[str]:
    return [f"{line.sign}{line.text}" for line in lines]


def test_only_what_changes_and_a_little_around_it_is_told() -> None:
    old = "".join(f"{n}\n" for n in range(20))
    assert drawn(diff_lines(old, old.replace("10\n", "ten\n"))) == [
        "⋯7 unchanged lines", " 7", " 8", " 9", "-10", "+ten", " 11", " 12", " 13", "⋯6 unchanged lines",
    ]  # fmt: skip


def test_a_missing_end_of_the_last_line_is_a_change() -> None:
    assert drawn(diff_lines("a", "a\n")) == ["-a⟨no line end⟩", "+a"]


def test_invisible_characters_and_strange_line_ends_are_named() -> None:
    assert drawn(diff_lines("", "a\r\nb\u2028c\x0cd\t\u202e\n")) == ["+a⟨CR⟩", "+b⟨U+2028⟩c⟨U+000C⟩d⟨TAB⟩⟨U+202E⟩"]


def test_no_change_is_no_line() -> None:
    assert diff_lines("a\n", "a\n") == ()
    assert write_preview("/x", b"a\n", "a\n", "replace", ()).facts[0].text == "Changes nothing in /x"


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_what_stays_and_goes_is_the_old_file_and_what_stays_and_comes_the_new_one(
    old: list[str], new: list[str]
) -> None:
    before, after = ("".join(f"{line}\n" for line in lines) for lines in (old, new))
    context, module.CONTEXT = module.CONTEXT, 1_000
    try:
        lines = diff_lines(before, after)
    finally:
        module.CONTEXT = context
    if before == after:
        assert lines == ()
        return
    gaps = [line for line in lines if line.sign is Sign.GAP]
    if not gaps:
        assert [line.text for line in lines if line.sign is not Sign.ADDED] == old
        assert [line.text for line in lines if line.sign is not Sign.REMOVED] == new


def test_files_too_different_to_compare_take_no_time() -> None:
    old, new = ("".join(f"{word}{n}\n" for n in range(20_000)) for word in ("a", "b"))
    began = time.process_time()
    lines = diff_lines(old, new)
    assert time.process_time() - began < 2
    assert len(lines) == 40_000


def test_files_of_few_lines_that_come_again_and_again_take_no_time() -> None:
    old, new = "a\nb\n" * 500, "z\n" + "a\nc\n" * 498 + "y\n"
    began = time.process_time()
    lines = diff_lines(old, new)
    assert time.process_time() - began < 1
    assert len(lines) == 1_998


def test_a_long_file_that_changes_at_both_ends_is_still_compared() -> None:
    same = "".join(f"{n}\n" for n in range(900))
    assert len(diff_lines(f"a\n{same}b\n", f"c\n{same}d\n")) == 11


def test_a_file_that_is_no_text_is_said_to_be_so() -> None:
    preview = write_preview("/x", b"\x00\x01", "text\n", "replace", ())
    assert "no text now, but 2 bytes of data" in preview.facts[1].text
    assert drawn(preview.block) == ["+text"]
    huge = write_preview("/x", b"a\n" * 2**21, "text\n", "replace", ())
    assert "too many to compare" in huge.facts[1].text


def test_what_is_appended_to_a_line_without_an_end_changes_that_line() -> None:
    preview = write_preview("/x", b"one\ntwo", "!\n", "append", ())
    assert drawn(preview.block) == [" one", "-two⟨no line end⟩", "+two!"]
    assert preview.shown == frozenset(), "so the content stands in full beside it"


def test_all_of_a_new_file_is_told() -> None:
    assert drawn(added_lines("a\n\nb")) == ["+a", "+", "+b⟨no line end⟩"]
    assert write_preview("/x", None, "", "replace", ()).facts[0].text == "Makes a new, empty file /x"
