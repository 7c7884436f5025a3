"""How a client asks to begin, hold, hand over and close a session: the params of its requests in, our values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any, TypeAlias

import msgspec
from acp import schema

from server.gateway.shapes import convert, read_acp
from shared.acp_names import META_LAST_SEQ, META_LEASE_SECRET, META_TAKE_OVER
from shared.errors import BadRequestError
from shared.ids import ConnectionSignature, SessionId
from shared.json_types import JsonObject

Folder: TypeAlias = PurePosixPath | PureWindowsPath
"""A folder on the client's device."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A session that a connection wants to hold, with what is to be replayed and what gives it the right."""

    session_id: SessionId
    folder: Folder
    after: int | None = None
    secret: str | None = None
    take_over: bool = False


@dataclass(frozen=True, slots=True)
class HandoffAsked:
    """A session to hand over: to a connection, or to whoever is given the code."""

    session_id: SessionId
    to: ConnectionSignature | None


class _Handoff(msgspec.Struct, frozen=True, rename="camel"):
    session_id: str
    to: str | None = None


class _Redeem(msgspec.Struct, frozen=True):
    code: str
    cwd: str


class _Wish(msgspec.Struct, frozen=True):
    """What of ours may stand in ``_meta`` of ``session/load`` and ``session/resume``."""

    last_seq: Annotated[int, msgspec.Meta(ge=0)] | None = msgspec.field(name=META_LAST_SEQ, default=None)
    secret: str | None = msgspec.field(name=META_LEASE_SECRET, default=None)
    take_over: bool = msgspec.field(name=META_TAKE_OVER, default=False)


def read_new_session(params: JsonObject) -> Folder:
    """The folder on the client's device that the session is about.

    Raises:
        BadRequestError: if the params do not make sense, or the folder is not absolute.
    """
    return _folder(read_acp(params, schema.NewSessionRequest).cwd)


def read_load(params: JsonObject) -> Wanted:
    """The session to load.

    Raises:
        BadRequestError: if the params do not make sense.
    """
    request = read_acp(params, schema.LoadSessionRequest)
    return _wanted(request.session_id, request.cwd, request.field_meta)


def read_resume(params: JsonObject) -> Wanted:
    """The session to resume.

    Raises:
        BadRequestError: if the params do not make sense.
    """
    request = read_acp(params, schema.ResumeSessionRequest)
    return _wanted(request.session_id, request.cwd, request.field_meta)


def read_close(params: JsonObject) -> SessionId:
    """The session to close.

    Raises:
        BadRequestError: if the params do not make sense.
    """
    return SessionId(read_acp(params, schema.CloseSessionRequest).session_id)


def read_handoff(params: JsonObject) -> HandoffAsked:
    """The session to hand over, and to which connection.

    Raises:
        BadRequestError: if the params do not make sense.
    """
    told = convert(params, _Handoff)
    return HandoffAsked(SessionId(told.session_id), None if told.to is None else ConnectionSignature(told.to))


def read_redeem(params: JsonObject) -> tuple[str, Folder]:
    """The one-time code, and the folder on the client's device that the session is about there.

    Raises:
        BadRequestError: if the params do not make sense.
    """
    told = convert(params, _Redeem)
    return told.code, _folder(told.cwd)


def _folder(cwd: str) -> Folder:
    for path in (PurePosixPath(cwd), PureWindowsPath(cwd)):
        if path.is_absolute() and "\0" not in cwd:
            return path
    raise BadRequestError("cwd is an absolute path.")


def _wanted(session_id: str, cwd: str, meta: Mapping[str, Any] | None) -> Wanted:
    wish = convert(meta or {}, _Wish)
    return Wanted(SessionId(session_id), _folder(cwd), wish.last_seq, wish.secret, wish.take_over)
