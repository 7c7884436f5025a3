"""Loads the widgets that know Markdown when the first answer comes or just after the first paint, never before it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from client.core.transcript_entries import Answer
    from client.widgets.answer_view import AnswerView
    from client.widgets.live_answer import LiveAnswer


def load_live_answer() -> type[LiveAnswer]:
    """The widget for the answer that is being given; cheap after the first time."""
    kind: type[LiveAnswer] = import_module("client.widgets.live_answer").LiveAnswer
    return kind


def load_answer_view() -> type[AnswerView]:
    """The widget for a finished answer; cheap after the first time."""
    kind: type[AnswerView] = import_module("client.widgets.answer_view").AnswerView
    return kind


def load_all() -> None:
    """Load both, so that the first answer does not wait for it."""
    load_live_answer()
    load_answer_view()


def answer_widget(entry: Answer) -> LiveAnswer | AnswerView:
    """A widget for the answer as it is now."""
    return load_answer_view()(entry) if entry.is_finished else load_live_answer()(entry)
