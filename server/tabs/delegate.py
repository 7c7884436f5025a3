"""The frontend tool delegate: runs a tool in the tab of one connection, and in no other."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping

from server.core.desk import refusal
from server.tabs.tab import Tab
from shared.errors import LinkLostError
from shared.frames import ToolCalled
from shared.ids import ClaimId, ConnectionSignature, SessionId, ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec


class FrontendToolDelegate:
    """Built for the connection that holds a session; tools find it as ``tool_context.state["temp:delegate"]``.

    Never shared by two connections. Closing it ends every call that waits in it with an error for the model.
    """

    def __init__(self, tab: Tab, session_id: SessionId, *, call_timeout: float = 300.0) -> None:
        """``call_timeout`` is how long a tool may run in the tab, in seconds."""
        self._tab = tab
        self._session_id = session_id
        self._call_timeout = call_timeout
        self._closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def client_identifier(self) -> ConnectionSignature:
        """The signature of the connection it belongs to."""
        return self._tab.signature

    @property
    def tools(self) -> Mapping[str, ToolSpec]:
        """The tools that the connection offers, by name."""
        return self._tab.tools

    async def execute_on_frontend(self, tool_call_id: str, tool_name: str, args: JsonObject) -> JsonObject:
        """Run ``tool_name`` in the tab and return its dict, such as ``{"success": True, "track": 1}``.

        Returns ``{"success": False, "error": "…"}`` when the tab does not offer the tool, is gone, is closed
        meanwhile, or does not answer in time; never raises for any of these.
        """
        if tool_name not in self.tools:
            return refusal(f"This device does not offer the tool {tool_name}.")
        if self._closed.done():
            return refusal(self._closed.result())
        call = ToolCalled(self._session_id, ToolCallId(tool_call_id), tool_name, args, ClaimId(str(uuid.uuid4())))
        running = asyncio.ensure_future(self._tab.call_tool(call))
        waiting: set[asyncio.Future[JsonObject] | asyncio.Future[str]] = {running, self._closed}
        try:
            await asyncio.wait(waiting, timeout=self._call_timeout, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                return running.result()
            if self._closed.done():
                return refusal(f"{self._closed.result()} The tool may have run.")
            return refusal(f"The tab did not answer within {self._call_timeout:g} seconds. The tool may have run.")
        except LinkLostError as error:
            return refusal(f"{error} The tool may have run.")
        finally:
            running.cancel()

    def close(self, reason: str) -> None:
        """End what waits; ``reason`` is the sentence the model is given. Closing twice keeps the first reason."""
        if not self._closed.done():
            self._closed.set_result(reason)
