"""What a client says, read from ACP's words: the params of its requests and its answers in, our frames out."""

from __future__ import annotations

import uuid
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import assert_never

from acp import schema
from pydantic import ValidationError

from server.core.session_events import Said
from server.gateway.announced import Announcement, read_announcement
from server.gateway.lent import lent_tools
from server.gateway.shapes import read_acp
from shared.acp_names import (
    META_ARGUMENTS,
    META_ASK_DEVICE,
    META_IDENTITY,
    META_MESSAGE_ID,
    META_REASON,
)
from shared.errors import BadRequestError
from shared.frames import ApprovalAnswered, Choice
from shared.ids import ConnectionSignature, MessageId, SessionId, ToolCallId
from shared.json_types import JsonObject, JsonValue

MAX_MESSAGE_ID = 128
MAX_ANSWER_REASON = 2000
"""How much of what a person says to a refusal goes to the model, in characters."""


@dataclass(frozen=True, slots=True)
class PromptAsked:
    """``session/prompt``, read."""

    session_id: SessionId
    said: Said


def read_initialize(params: JsonObject, reserved: AbstractSet[str]) -> Announcement:
    """Who the client is and what it offers. Any protocol version is taken: the answer names ours.

    ``reserved`` are names that none of its tools may have.

    Raises:
        BadRequestError: if the params do not make sense.
    """
    request = read_acp(params, schema.InitializeRequest)
    # In the place of what does not fit, the SDK may leave its default as a bare dict.
    told = request.client_capabilities
    able = told if isinstance(told, schema.ClientCapabilities) else schema.ClientCapabilities()
    info = request.client_info
    label = (info.title or info.name) if info is not None else ""
    return read_announcement(able.field_meta or {}, label=label, lent=lent_tools(able), reserved=reserved)


def read_prompt(params: JsonObject) -> PromptAsked:
    """The session and the person's message; a message without an id of its own is given one.

    Raises:
        BadRequestError: if the params do not make sense, or hold other than text and links.
    """
    request = read_acp(params, schema.PromptRequest)
    text = "\n".join(_text_of(block) for block in request.prompt)
    if not text.strip():
        raise BadRequestError("session/prompt: the message is empty.")
    message_id = (request.field_meta or {}).get(META_MESSAGE_ID)
    if message_id is None:
        message_id = str(uuid.uuid4())
    is_word = isinstance(message_id, str) and 0 < len(message_id) <= MAX_MESSAGE_ID and message_id.isprintable()
    if not is_word:
        raise BadRequestError(f"{META_MESSAGE_ID} has 1 to {MAX_MESSAGE_ID} printable characters.")
    return PromptAsked(SessionId(request.session_id), Said(MessageId(message_id), text))


def asked_identity(params: JsonObject) -> JsonValue:
    """The person that a request names to act for, unchecked; ``None`` if it names none."""
    meta = params.get("_meta")
    return meta.get(META_IDENTITY) if isinstance(meta, dict) else None


def read_cancel(params: JsonObject) -> SessionId:
    """The session whose turn is to end.

    Raises:
        BadRequestError: if the params do not make sense.
    """
    return SessionId(read_acp(params, schema.CancelNotification).session_id)


def read_answer(call_id: ToolCallId, answer: JsonValue) -> ApprovalAnswered:
    """The person's answer: closed without a choice if it is none of ours. What is beside the choice may be left out."""
    try:
        response = schema.RequestPermissionResponse.model_validate(answer)
        outcome = response.outcome
        choice = Choice(outcome.option_id) if isinstance(outcome, schema.AllowedOutcome) else None
    except ValueError:
        return ApprovalAnswered(call_id, None)
    meta = response.field_meta or {}
    arguments, reason, device = (meta.get(name) for name in (META_ARGUMENTS, META_REASON, META_ASK_DEVICE))
    if not (isinstance(arguments, dict | None) and isinstance(device, str | None)):
        # Other arguments, or another device, were meant: what was asked about is not what the person allows.
        return ApprovalAnswered(call_id, None)
    return ApprovalAnswered(
        call_id,
        choice,
        arguments=arguments,
        reason=reason[:MAX_ANSWER_REASON] if isinstance(reason, str) else "",
        device=ConnectionSignature(device) if isinstance(device, str) else None,
    )


def read_file_content(answer: JsonValue) -> str | None:
    """The text in the answer to ``fs/read_text_file``; ``None`` if it holds none."""
    try:
        return schema.ReadTextFileResponse.model_validate(answer).content
    except ValidationError:
        return None


def _text_of(
    block: schema.TextContentBlock
    | schema.ImageContentBlock
    | schema.AudioContentBlock
    | schema.ResourceContentBlock
    | schema.EmbeddedResourceContentBlock,
) -> str:
    match block:
        case schema.TextContentBlock():
            return block.text
        case schema.ResourceContentBlock():
            return f"[{block.title or block.name}]({block.uri})"
        case schema.ImageContentBlock() | schema.AudioContentBlock() | schema.EmbeddedResourceContentBlock():
            raise BadRequestError("session/prompt: this agent takes text and links, nothing else.")
        case _:
            assert_never(block)
