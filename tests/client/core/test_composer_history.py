"""Recalling what was sent, without losing the draft."""

from __future__ import annotations

from client.core.composer_history import MAX_KEPT, ComposerHistory


def history(*messages: str) -> ComposerHistory:
    made = ComposerHistory()
    for message in messages:
        made.add(message)
    return made


def test_going_back_and_forth_gives_the_draft_back() -> None:
    sent = history("one", "two")
    assert sent.older("draft") == "two"
    assert sent.older("two") == "one"
    assert sent.older("one") is None
    assert sent.newer() == "two"
    assert sent.newer() == "draft"
    assert sent.newer() is None


def test_a_repeated_message_is_kept_once() -> None:
    assert history("same", "same").messages == ["same"]


def test_only_the_newest_messages_are_kept() -> None:
    sent = history(*(str(number) for number in range(MAX_KEPT + 5)))
    assert len(sent.messages) == MAX_KEPT
    assert sent.older("") == str(MAX_KEPT + 4)


def test_an_empty_history_has_nothing_to_show() -> None:
    assert ComposerHistory().older("draft") is None
    assert ComposerHistory().newer() is None
