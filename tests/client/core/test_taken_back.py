"""What was stopped before the agent got it is the draft again."""

from __future__ import annotations

from client.core.taken_back import taken_back
from client.core.transcript_entries import Delivery, Said
from shared.ids import MessageId

IDS = [MessageId("m1"), MessageId("m2"), MessageId("m3")]
ENTRIES = {
    "m1": Said("m1", "the first", Delivery.TAKEN),
    "m2": Said("m2", "the second", Delivery.DROPPED),
    "m3": Said("m3", "the third", Delivery.DROPPED),
}


def test_only_what_was_dropped_comes_back_above_what_is_written() -> None:
    assert taken_back(IDS, ENTRIES, "half a") == "the second\n\nthe third\n\nhalf a"
    assert taken_back(IDS, ENTRIES, " ") == "the second\n\nthe third"


def test_nothing_dropped_changes_no_draft() -> None:
    assert taken_back(IDS[:1], ENTRIES, " a draft\n") == " a draft\n"
    assert taken_back([MessageId("gone")], ENTRIES, "") == ""
