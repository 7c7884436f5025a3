"""What a tab is told beside its conversation, as our additions to ACP spell it."""

from __future__ import annotations

from typing import assert_never

from server.gateway.acp import Message
from shared.acp_names import METHOD_NOTICE, METHOD_STATE_CHANGED, METHOD_WAS_RESET
from shared.json_types import JsonObject
from shared.news import News, Notice, PersonReset, StateChanged


def news_message(news: News) -> Message:
    """The notification for ``news``."""
    match news:
        case StateChanged(key, change, field):
            of_field: JsonObject = {} if field is None else {"field": field}
            return Message(f"_{METHOD_STATE_CHANGED}", {"key": key, "change": change, **of_field})
        case Notice(message):
            return Message(f"_{METHOD_NOTICE}", {"message": message})
        case PersonReset(message):
            return Message(f"_{METHOD_WAS_RESET}", {"message": message})
        case _:
            assert_never(news)
