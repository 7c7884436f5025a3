"""What a client says, read from ACP's words: the params of its requests and its answers in, our frames out."""

from __future__ import annotations

import uuid
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import TypeVar, assert_never

from acp import schema
from pydantic import BaseModel, ValidationError

from server.core.session import Said
from server.gateway.announced import Announcement, read_announcement
from shared.acp_names import META_IDENTITY, META_MESSAGE_ID
from shared.errors import BadRequestError
from shared.frames import Choice
from shared.ids import MessageId, SessionId
from shared.json_types import JsonObject, JsonValue

MAX_MESSAGE_ID = 128
MAX_REASON = 300
"""How much of a wrong request's explanation is sent, in characters."""


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
    request = _read(params, schema.InitializeRequest)
    able = request.client_capabilities or schema.ClientCapabilities()
    info = request.client_info
    label = (info.title or info.name) if info is not None else ""
    lends_files = able.fs is not None and able.fs.read_text_file is True
    return read_announcement(able.field_meta or {}, label=label, lends_files=lends_files, reserved=reserved)


def read_new_session(params: JsonObject) -> PurePosixPath | PureWindowsPath:
    """The folder on the client's device that the session is about.

    Raises:
        BadRequestError: if the params do not make sense, or the folder is not absolute.
    """
    cwd = _read(params, schema.NewSessionRequest).cwd
    for path in (PurePosixPath(cwd), PureWindowsPath(cwd)):
        if path.is_absolute() and "\0" not in cwd:
            return path
    raise BadRequestError("session/new: cwd is an absolute path.")


def read_prompt(params: JsonObject) -> PromptAsked:
    """The session and the person's message; a message without an id of its own is given one.

    Raises:
        BadRequestError: if the params do not make sense, or hold other than text and links.
    """
    request = _read(params, schema.PromptRequest)
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
    return SessionId(_read(params, schema.CancelNotification).session_id)


def read_choice(answer: JsonValue) -> Choice | None:
    """The person's choice; ``None`` if the question was closed without one, or the answer is none of ours."""
    try:
        outcome = schema.RequestPermissionResponse.model_validate(answer).outcome
        return Choice(outcome.option_id) if isinstance(outcome, schema.AllowedOutcome) else None
    except ValueError:
        return None


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


Request = TypeVar("Request", bound=BaseModel)


def _read(params: JsonObject, shape: type[Request]) -> Request:
    try:
        return shape.model_validate(params)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadRequestError(f"{where}: {first['msg']}"[:MAX_REASON]) from error
