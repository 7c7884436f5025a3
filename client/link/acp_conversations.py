"""Asks an ACP server for a conversation: a new one, the one from before, all of one, or one that is handed over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import acp
import msgspec
from acp import schema
from acp.client.connection import ClientSideConnection

from client.link.acp_additions import about, read_model
from client.link.acp_answers import answered
from client.link.place import Place
from client.link.wire import Introduction, NotLetInError, Opened
from client.ports import Welcome
from shared.acp_names import (
    META_EPOCH,
    META_LAST_SEQ,
    META_LEASE_SECRET,
    META_MODEL,
    META_REPLAY,
    META_TAKE_OVER,
    METHOD_REDEEM,
)
from shared.errors import LinkLostError, ProtocolError, StorageError, TooManyRequestsError
from shared.ids import ConnectionSignature, SessionId

SESSION_TIMEOUT = 20.0
PASSING = frozenset({LinkLostError.code, StorageError.code, TooManyRequestsError.code})
"""Errors of a server that may let this client in a little later."""


class _Granted(msgspec.Struct, frozen=True, rename="camel"):
    """What a server of ours adds to its answers."""

    secret: str | None = msgspec.field(default=None, name=META_LEASE_SECRET)
    epoch: int = msgspec.field(default=0, name=META_EPOCH)
    replay: str = msgspec.field(default="complete", name=META_REPLAY)


class _Redeemed(msgspec.Struct, frozen=True):
    session_id: str = msgspec.field(name="sessionId")
    meta: dict[str, Any] = msgspec.field(default_factory=dict, name="_meta")


class AcpConversations:
    """``epoch`` numbers the lease that was given last; ``is_ringback`` says whether the server knows our additions."""

    def __init__(self, connection: ClientSideConnection, signature: str) -> None:
        self._connection = connection
        self._signature = ConnectionSignature(signature)
        self._agent = schema.Implementation(name="agent", version="")
        self._cwd = ""
        self.epoch = 0
        self.is_ringback = False

    async def introduce(self, introduction: Introduction) -> None:
        """Say who this client is.

        Raises:
            NotLetInError: if the server speaks another version of the protocol.
        """
        self._cwd = str(introduction.folder)
        async with asyncio.timeout(SESSION_TIMEOUT):
            answer = await self._connection.initialize(
                acp.PROTOCOL_VERSION,
                client_info=schema.Implementation(name="ringback", title="Ringback", version=version("ringback")),
                client_capabilities=schema.ClientCapabilities(field_meta=about(introduction)),
            )
        if answer.protocol_version != acp.PROTOCOL_VERSION:
            raise NotLetInError(
                f"The server speaks version {answer.protocol_version} of the protocol and this client version "
                f"{acp.PROTOCOL_VERSION}. Update the older of the two."
            )
        self._agent = answer.agent_info or self._agent

    async def begin(self) -> Opened:
        """A new conversation.

        Raises:
            NotLetInError: if the server begins none.
            LinkLostError: if it cannot now.
        """
        try:
            with _in_time():
                async with asyncio.timeout(SESSION_TIMEOUT):
                    session = await self._connection.new_session(cwd=self._cwd, mcp_servers=[])
        except ProtocolError as error:
            if error.code in PASSING:
                raise LinkLostError(str(error)) from error
            raise NotLetInError(f"The server refused to begin a conversation: {error}") from error
        return self._opened(session.session_id, session.field_meta)

    async def resume(self, place: Place, *, take_over: bool) -> Opened:
        """The conversation, from behind ``place``."""
        wanted = {META_LAST_SEQ: place.last_seq, **_claim(place), **({META_TAKE_OVER: True} if take_over else {})}
        with _in_time():
            async with asyncio.timeout(SESSION_TIMEOUT):
                resumed = await self._connection.resume_session(place.session_id, self._cwd, mcp_servers=[], **wanted)
        return self._opened(place.session_id, resumed.field_meta)

    async def load(self, place: Place) -> Opened:
        """The conversation, from its beginning."""
        with _in_time():
            async with asyncio.timeout(SESSION_TIMEOUT):
                loaded = await self._connection.load_session(
                    self._cwd, place.session_id, mcp_servers=[], **_claim(place)
                )
        return self._opened(place.session_id, loaded.field_meta)

    async def redeem(self, code: str) -> Opened:
        """The conversation that ``code`` stands for."""
        with _in_time():
            async with asyncio.timeout(SESSION_TIMEOUT):
                answer = await self._connection.ext_method(METHOD_REDEEM, {"code": code, "cwd": self._cwd})
            redeemed = msgspec.convert(answer, _Redeemed)
        return self._opened(redeemed.session_id, redeemed.meta)

    def _opened(self, session_id: str, meta: Mapping[str, Any] | None) -> Opened:
        told = dict(meta or {})
        with _in_time():
            granted = msgspec.convert(told, _Granted)
        model = told.get(META_MODEL)
        self.is_ringback = model is not None or granted.secret is not None
        self.epoch = granted.epoch
        welcome = Welcome(
            signature=self._signature,
            session_id=SessionId(session_id),
            model=read_model(model, self._agent.title or self._agent.name),
            server_version=self._agent.version,
        )
        return Opened(welcome, granted.secret, is_complete=granted.replay == "complete")


def _claim(place: Place) -> dict[str, Any]:
    return {} if place.lease_secret is None else {META_LEASE_SECRET: place.lease_secret}


@contextmanager
def _in_time() -> Iterator[None]:
    try:
        with answered():
            yield
    except TimeoutError as error:
        raise LinkLostError("The server did not open the conversation in time.") from error
    except msgspec.ValidationError as error:
        raise ProtocolError("The server's answer makes no sense.") from error
