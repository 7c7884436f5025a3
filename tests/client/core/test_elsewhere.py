"""What happened to the shared state elsewhere, told in one sentence."""

from __future__ import annotations

from typing import Literal

import pytest

from client.core.elsewhere import MOST_CHARACTERS, MOST_NAMED, Elsewhere, short_key
from shared.news import StateChanged


def told(*changes: tuple[str | None, Literal["stored", "deleted", "cleared"]]) -> str:
    elsewhere = Elsewhere("note")
    for key, change in changes:
        elsewhere = elsewhere.heard(StateChanged(key, change))
    assert elsewhere.key == "note"
    return elsewhere.sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ([("colour", "stored")], "Changed elsewhere: colour."),
        ([("colour", "deleted")], "Deleted elsewhere: colour."),
        ([(None, "cleared")], "All that was remembered was cleared elsewhere."),
        ([("colour", "stored"), ("city", "stored")], "Changed elsewhere: colour, city."),
        ([("colour", "stored"), ("city", "deleted")], "Changed elsewhere: colour. Deleted elsewhere: city."),
        ([("colour", "stored"), ("colour", "stored")], "Changed elsewhere: colour."),
        ([("colour", "stored"), ("colour", "deleted")], "Deleted elsewhere: colour."),
        ([("colour", "deleted"), ("colour", "stored")], "Changed elsewhere: colour."),
        ([("colour", "stored"), (None, "cleared")], "All that was remembered was cleared elsewhere."),
        (
            [(None, "cleared"), ("colour", "stored")],
            "All that was remembered was cleared elsewhere. Changed elsewhere: colour.",
        ),
        ([("a", "stored"), ("b", "stored"), ("a", "stored")], "Changed elsewhere: b, a."),
    ],
)
def test_the_last_change_of_each_key_is_told(
    changes: list[tuple[str | None, Literal["stored", "deleted", "cleared"]]], sentence: str
) -> None:
    assert told(*changes) == sentence


def test_the_newest_of_many_keys_are_named_and_the_others_counted() -> None:
    sentence = told(*((f"k{number}", "stored") for number in range(50)))
    assert sentence == f"Changed elsewhere: k45, k46, k47, k48, k49 and {50 - MOST_NAMED} more."


def test_a_key_cannot_hide_anything_or_fill_the_screen() -> None:
    assert told(("a\u202eb\n\x1b[2J", "stored")) == "Changed elsewhere: a⟨U+202E⟩b⟨LF⟩⟨ESC⟩[2J."
    assert len(short_key("x" * 1000)) == MOST_CHARACTERS
    assert short_key("x" * MOST_CHARACTERS) == "x" * MOST_CHARACTERS


def test_a_field_is_told_with_its_key_and_much_at_once_in_one_sentence() -> None:
    elsewhere = Elsewhere("note").heard(StateChanged("memory", "stored", "city"))
    elsewhere = elsewhere.heard(StateChanged("memory", "deleted", "colour"))
    assert elsewhere.sentence == "Changed elsewhere: memory: city. Deleted elsewhere: memory: colour."
    elsewhere = elsewhere.heard(StateChanged(None, "many"))
    assert elsewhere.sentence == "Much of what is remembered was changed elsewhere."
    assert elsewhere.heard(StateChanged("colour", "stored")).sentence.endswith("elsewhere. Changed elsewhere: colour.")
