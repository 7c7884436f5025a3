"""A text that would run where it is pasted is warned of."""

from __future__ import annotations

import pytest

from client.core.clipboard_preview import ENDS_A_LINE, clipboard_preview


@pytest.mark.parametrize("text", ["rm -rf ~\n", "rm -rf ~\r", "one\ntwo\r\n"])
def test_a_text_that_ends_with_a_line_end_is_warned_of(text: str) -> None:
    preview = clipboard_preview("copy_to_clipboard", {"text": text})
    assert preview is not None
    assert [(fact.text, fact.is_warning) for fact in preview.facts] == [(ENDS_A_LINE, True)]
    assert not preview.shown, "so the text stands in full below it"


def test_any_other_call_is_not() -> None:
    assert clipboard_preview("copy_to_clipboard", {"text": "one\ntwo"}) is None
    assert clipboard_preview("copy_to_clipboard", {"text": 1}) is None
    assert clipboard_preview("notify", {"text": "x\n"}) is None
