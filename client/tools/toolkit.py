"""The tools that one tab's device offers, and the one place where a call of the server's becomes a result."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from client.core.approval_preview import PREVIEWED, Fact, Preview
from client.core.visible_text import visible
from client.tools import TOOLS, FrontendTool
from client.tools.arguments import check_arguments
from client.tools.device import DeviceState, does_offer
from client.tools.failure import ToolFailedError
from client.tools.journal import JournalId, JournalReplacedError
from client.tools.runs import Runs
from client.tools.shown import NOT_SEEN
from shared.frames import ApprovalAsked, ToolCalled
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How long it may take to look at what a call would do: a file may lie on a disk that does not answer."""
_SO_NOT = "so no file is written and no command is run"


class Toolkit:
    """Runs the tools of one tab.

    ``is_outdated`` is set once the device keeps another journal than it was announced with.
    """

    def __init__(self, state: DeviceState, runs: Runs) -> None:
        self._tools = {tool.spec.name: tool for tool in TOOLS if does_offer(state.device, tool.spec.name)}
        self._state = state
        self._runs = runs
        self._journal_id = JournalId("")
        self.is_outdated = asyncio.Event()

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the device offers."""
        return tuple(tool.spec for tool in self._tools.values())

    def offers(self, name: str) -> bool:
        """Whether the device offers the tool."""
        return name in self._tools

    async def announce(self) -> JournalId:
        """The journal to announce the device with: until the next time, only what was claimed for that one runs."""
        self._journal_id = await self._runs.journal_id()
        self.is_outdated.clear()
        return self._journal_id

    async def run(self, call: ToolCalled) -> JsonObject:
        """The tool's dict; ``{"success": False, "error": …}`` when it failed, whatever the reason.

        One claim runs once: asked for again, it gives what it gave.

        Raises:
            KeyError: if the device does not offer the tool.
        """
        tool = self._tools[call.name]
        try:
            check_arguments(tool.spec, call.arguments)
            return await self._runs.once(call, lambda: self._run(tool, call), self._journal_id)
        except JournalReplacedError as error:
            self.is_outdated.set()
            return {"success": False, "error": str(error)}
        except ToolFailedError as error:
            return {"success": False, "error": str(error)}

    async def preview(self, approval: ApprovalAsked) -> Preview | None:
        """What the call would do on this device, within :data:`LOOK_SECONDS`; ``None`` if its arguments say it all.

        What is shown of the device must still be so when the call runs; what could not be shown is never so.
        """
        if approval.name not in PREVIEWED:
            return None
        # Before the look: one that fails, is too late or is cancelled leaves this standing.
        self._state.shown.note(approval.call_id, approval.arguments, NOT_SEEN)
        tool = self._tools.get(approval.name)
        if tool is None or tool.look is None:
            return _warning(f"This device does not offer {approval.name}.")
        try:
            check_arguments(tool.spec, approval.arguments)
            async with asyncio.timeout(LOOK_SECONDS):
                look = await asyncio.to_thread(tool.look, approval.arguments, self._state)
        except ToolFailedError as error:
            return _warning(f"It would be refused: {error}")
        except TimeoutError:
            return _warning(f"What this would do here could not be looked at in time, {_SO_NOT}.")
        except Exception:
            logger.exception("nobody could look at what %s would do", approval.call_id)
            return _warning(f"What this would do here could not be looked at, {_SO_NOT}; the log says why.")
        if look.place is not None:
            self._state.shown.note(approval.call_id, approval.arguments, look.place)
        return look.preview

    def stop(self, why: str) -> None:
        """End the commands that run for this tab; ``why`` is a sentence for the model."""
        self._state.commands.stop(why)

    async def _run(self, tool: FrontendTool, call: ToolCalled) -> JsonObject:
        try:
            return await tool.run(call.arguments, replace(self._state, call_id=call.call_id))
        except ToolFailedError as error:
            return {"success": False, "error": str(error)}
        except Exception:
            # A bug in one tool must not take the tab's connection with it; the log has it in full.
            logger.exception("the tool %s failed in call %s", call.name, call.call_id)
            return {"success": False, "error": f"{call.name} failed on this device; its log says why."}


def _warning(sentence: str) -> Preview:
    return Preview((Fact(visible(sentence, keep=""), is_warning=True),))
