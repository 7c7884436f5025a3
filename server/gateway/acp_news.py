"""What a tab is told beside its conversation, as our additions to ACP spell it."""

from __future__ import annotations

from typing import assert_never

from server.gateway.acp import Message
from shared.acp_names import (
    METHOD_DEVICES_CHANGED,
    METHOD_HANDED,
    METHOD_MOVED,
    METHOD_NOTICE,
    METHOD_STATE_CHANGED,
    METHOD_WAS_RESET,
)
from shared.frames import Device
from shared.json_types import JsonObject
from shared.news import DevicesChanged, HandedOver, Moved, News, Notice, PersonReset, StateChanged


def news_message(news: News | Moved) -> Message:
    """The notification for ``news``."""
    match news:
        case StateChanged(key, change, field):
            of_field: JsonObject = {} if field is None else {"field": field}
            return Message(f"_{METHOD_STATE_CHANGED}", {"key": key, "change": change, **of_field})
        case Notice(message):
            return Message(f"_{METHOD_NOTICE}", {"message": message})
        case PersonReset(message):
            return Message(f"_{METHOD_WAS_RESET}", {"message": message})
        case Moved(session_id, epoch, holder):
            return Message(
                f"_{METHOD_MOVED}", {"sessionId": session_id, "epoch": epoch, "holder": device_object(holder)}
            )
        case HandedOver(session_id, code, source):
            told: JsonObject = {"sessionId": session_id, "code": code, "from": device_object(source)}
            return Message(f"_{METHOD_HANDED}", told)
        case DevicesChanged():
            return Message(f"_{METHOD_DEVICES_CHANGED}", {})
        case _:
            assert_never(news)


def device_object(device: Device) -> JsonObject:
    """``device`` as it travels."""
    return {"id": device.id, "label": device.label, "kind": device.kind}
