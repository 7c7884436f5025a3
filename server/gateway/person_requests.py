"""What a client may ask for beside its conversations: the person's shared state, their reset, the counters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from server.core.identity import Identity
from server.gateway.rpc import Answer
from server.gateway.shapes import convert
from server.state.shared_state import SharedState
from shared.acp_names import (
    METHOD_METRICS,
    METHOD_RESET,
    METHOD_STATE_DELETE,
    METHOD_STATE_GET,
    METHOD_STATE_LIST,
    METHOD_STATE_SET,
)
from shared.errors import BadRequestError, RingbackError
from shared.json_types import JsonObject, JsonValue


class _Key(msgspec.Struct, frozen=True):
    key: str


class _Document(msgspec.Struct, frozen=True):
    key: str
    data: dict[str, object]
    ttl: float | None = None


class _Reset(msgspec.Struct, frozen=True):
    confirm: bool = False


class PersonRequests:
    """Answers for the person that ``who`` finds in the params of a request."""

    def __init__(
        self,
        *,
        who: Callable[[JsonObject], Identity],
        state_of: Callable[[Identity], SharedState],
        reset: Callable[[Identity], Awaitable[str]],
        metrics: Callable[[], Awaitable[str]],
    ) -> None:
        """``metrics`` raises ``NotPermittedError`` for those who may not read it."""
        self._who = who
        self._state_of = state_of
        self._reset_person = reset
        self._metrics_text = metrics

    @property
    def methods(self) -> Mapping[str, Answer]:
        """What is answered, by method."""
        return {
            f"_{METHOD_STATE_LIST}": self._list,
            f"_{METHOD_STATE_GET}": self._get,
            f"_{METHOD_STATE_SET}": self._set,
            f"_{METHOD_STATE_DELETE}": self._delete,
            f"_{METHOD_RESET}": self._reset,
            f"_{METHOD_METRICS}": self._metrics,
        }

    def _state(self, params: JsonObject) -> SharedState:
        return self._state_of(self._who(params))

    async def _list(self, params: JsonObject) -> JsonObject:
        keys: list[JsonValue] = [*await self._state(params).list_states()]
        return {"keys": keys}

    async def _get(self, params: JsonObject) -> JsonObject:
        return {"data": await self._state(params).get(convert(params, _Key).key)}

    async def _set(self, params: JsonObject) -> JsonObject:
        told = convert(params, _Document)
        # Taken as it came: a round trip through a schema would change numbers.
        data = params["data"]
        assert isinstance(data, dict)  # noqa: S101  (the schema just said so)
        return {"stored": await self._state(params).upsert(told.key, data, ttl=told.ttl)}

    async def _delete(self, params: JsonObject) -> JsonObject:
        return {"deleted": await self._state(params).delete(convert(params, _Key).key)}

    async def _reset(self, params: JsonObject) -> JsonObject:
        if not convert(params, _Reset).confirm:
            raise BadRequestError(
                "This deletes all of your conversations, shared state and grants. Send confirm: true if that is meant."
            )
        identity = self._who(params)
        try:
            message = await self._reset_person(identity)
        except RingbackError as error:
            return {"success": False, "message": str(error)}
        return {"success": True, "message": message}

    async def _metrics(self, _params: JsonObject) -> JsonObject:
        return {"text": await self._metrics_text()}
