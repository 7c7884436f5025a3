"""The frontend tool delegate: runs a tool in the tab of one connection, and in no other."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from server.core.refusal import refusal
from server.tabs.tab import Tab
from shared.errors import LinkLostError
from shared.frames import ToolCalled
from shared.ids import ClaimId, ConnectionSignature, SessionId, ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec

ClaimOf = Callable[[ToolCallId], ClaimId | None]
Lost = Callable[[str], Awaitable[JsonObject]]
Unclaimed = Callable[[str], Awaitable[JsonObject]]
Elsewhere = Callable[[ToolCallId], "FrontendToolDelegate | None"]

TO_END_IT = 15.0
"""Seconds that a device has, beyond the time of a tool that takes long, to end it and to say so."""
_MAY_HAVE_RUN = "The tool may have run."


def _unclaimed(_: ToolCallId) -> ClaimId | None:
    return ClaimId(str(uuid.uuid4()))


async def _over(_: str) -> JsonObject:
    return refusal("The call is over already, so the tool was not run.")


def _nowhere(_: ToolCallId) -> FrontendToolDelegate | None:
    return None


class FrontendToolDelegate:
    """Built for the connection that holds a session; tools find it as ``tool_context.state["temp:delegate"]``.

    Never shared by two connections. Closing it ends every call that waits in it: with an error for the model, or with
    what ``lost`` gives.
    """

    def __init__(
        self,
        tab: Tab,
        session_id: SessionId,
        *,
        call_timeout: float = 300.0,
        claim_of: ClaimOf = _unclaimed,
        epoch: int = 1,
        lost: Lost | None = None,
        unclaimed: Unclaimed = _over,
        elsewhere: Elsewhere = _nowhere,
    ) -> None:
        """``call_timeout`` bounds a call in all, in seconds, unless its tool may take longer.

        ``claim_of`` knows the claims of the calls that may run here; one without does not, and gets what ``unclaimed``
        gives for its id. ``epoch`` is the lease's.
        ``lost`` is asked with a call's id once the tab is gone, and returns the call's result. ``elsewhere`` knows the
        delegate that a call belongs to when it is not this one: another tab holds the conversation by now, or the
        person sent the call to another device.
        """
        self._tab = tab
        self._session_id = session_id
        self._call_timeout = call_timeout
        self._claim_of = claim_of
        self._epoch = epoch
        self._lost = lost
        self._unclaimed = unclaimed
        self._elsewhere = elsewhere
        self._closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def client_identifier(self) -> ConnectionSignature:
        """The signature of the connection it belongs to."""
        return self._tab.signature

    @property
    def tools(self) -> Mapping[str, ToolSpec]:
        """The tools that the connection offers, by name."""
        return self._tab.tools

    async def execute_on_frontend(  # noqa: PLR0911  (one return for each reason)
        self, tool_call_id: str, tool_name: str, args: JsonObject
    ) -> JsonObject:
        """Run ``tool_name`` in the tab and return its dict, such as ``{"success": True, "track": 1}``.

        Returns ``{"success": False, "error": "…"}`` when the tab does not offer the tool, is gone, is closed
        meanwhile, or does not answer in time; never raises for any of these.
        """
        elsewhere = self._elsewhere(ToolCallId(tool_call_id))
        if elsewhere is not None:
            return await elsewhere.execute_on_frontend(tool_call_id, tool_name, args)
        if tool_name not in self.tools:
            return refusal(f"This device does not offer the tool {tool_name}.")
        if self._closed.done() and self._lost is None:
            return refusal(self._closed.result())
        call_id = ToolCallId(tool_call_id)
        claim = self._claim_of(call_id)
        if claim is None:
            # Between the claim and this the turn was cancelled, or another device came to hold the conversation.
            return await self._unclaimed(tool_call_id)
        call = ToolCalled(self._session_id, call_id, tool_name, args, claim, self._epoch)
        longest = self.tools[tool_name].longest_seconds
        seconds = max(self._call_timeout, longest + TO_END_IT) if longest else self._call_timeout
        until = asyncio.get_running_loop().time() + seconds
        try:
            return await self._within(until, seconds, partial(self._tab.call_tool, call), unless=self._closed)
        except LinkLostError as error:
            reason = str(error)
        if self._lost is not None:
            try:
                return await self._within(until, seconds, partial(self._lost, tool_call_id))
            except LinkLostError as error:
                reason = str(error)
        return refusal(f"{reason} {_MAY_HAVE_RUN}")

    def close(self, reason: str) -> None:
        """End what waits; ``reason`` is the sentence the model is given. Closing twice keeps the first reason."""
        if not self._closed.done():
            self._closed.set_result(reason)

    async def _within(
        self,
        until: float,
        seconds: float,
        work: Callable[[], Awaitable[JsonObject]],
        *,
        unless: asyncio.Future[str] | None = None,
    ) -> JsonObject:
        """What ``work`` gives, or a refusal at the loop's time ``until``; what ignores its cancellation is left behind.

        ``seconds`` is how long that was from the beginning.

        Raises:
            LinkLostError: if the link is lost, or ``unless`` is done, with its reason.
        """
        if unless is not None and unless.done():
            raise LinkLostError(unless.result())
        running = asyncio.ensure_future(work())
        running.add_done_callback(_see_its_end)
        waiting: set[asyncio.Future[JsonObject] | asyncio.Future[str]] = {running}
        if unless is not None:
            waiting.add(unless)
        try:
            left = max(0.0, until - asyncio.get_running_loop().time())
            await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                return running.result()
            if unless is not None and unless.done():
                raise LinkLostError(unless.result())
            return refusal(f"The tab did not answer within {seconds:g} seconds. {_MAY_HAVE_RUN}")
        finally:
            running.cancel()


def _see_its_end(running: asyncio.Future[JsonObject]) -> None:
    """Whoever waited has the result or no longer wants it; asyncio would report an exception that nobody saw."""
    if not running.cancelled():
        running.exception()
