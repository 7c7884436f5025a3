"""Runs the tools that a standard ACP client lends, through its own ``fs/*`` and ``terminal/*`` methods."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping

from acp import CLIENT_METHODS, schema
from pydantic import BaseModel, ValidationError

from server.gateway.acp import Message, file_request, plain
from server.gateway.acp_requests import read_file_content
from server.gateway.acp_sessions import Folder
from server.gateway.rpc import RefusedError
from shared.catalog import read_file, run_command, write_file
from shared.catalog.run_command import DEFAULT_SECONDS, MOST_SECONDS
from shared.errors import LinkLostError
from shared.frames import ToolCalled
from shared.ids import SessionId
from shared.json_types import JsonObject, JsonValue

MOST_OUTPUT = 256 * 1024
"""How much of a command's output the client is asked to keep, in bytes."""
ENDING_SECONDS = 5.0
"""How long the client may take to end a terminal and to say what was in it."""


class LentRuns:
    """``request`` sends a message to the client and waits for its answer; ``folders`` are those of its sessions."""

    def __init__(self, request: Callable[[Message], Awaitable[JsonValue]], folders: Mapping[SessionId, Folder]) -> None:
        self._request = request
        self._folders = folders

    async def run(self, call: ToolCalled) -> JsonObject:
        """The tool's dict.

        Raises:
            RefusedError: if the client answers with an error.
            LinkLostError: if it is gone.
        """
        match call.name:
            case read_file.SPEC.name:
                return await self._read(call)
            case write_file.SPEC.name:
                return await self._write(call)
            case run_command.SPEC.name:
                return await self._command(call)
            case _:
                return _failed(f"This client does not lend {call.name}.")

    async def _read(self, call: ToolCalled) -> JsonObject:
        whole = self._path(call, "path")
        if whole is None:
            return _failed("The path is a text that is not empty.")
        line, limit = (_count(call.arguments.get(name)) for name in ("line", "limit"))
        content = read_file_content(await self._request(file_request(call.session_id, whole, line, limit)))
        if content is None:
            return _failed("The device answered without the file's content.")
        return {"success": True, "path": whole, "content": content}

    async def _write(self, call: ToolCalled) -> JsonObject:
        whole, content = self._path(call, "path"), call.arguments.get("content")
        if whole is None or not isinstance(content, str):
            return _failed("The path is a text that is not empty, and the content is a text.")
        await self._ask("fs_write_text_file", schema.WriteTextFileRequest, call, path=whole, content=content)
        return {"success": True, "path": whole, "bytes": len(content.encode("utf-8", "replace"))}

    async def _command(self, call: ToolCalled) -> JsonObject:
        command, seconds = call.arguments.get("command"), _count(call.arguments.get("timeout")) or DEFAULT_SECONDS
        cwd = self._path(call, "cwd") if "cwd" in call.arguments else str(self._folders[call.session_id])
        if not isinstance(command, str) or not command or cwd is None:
            return _failed("The command and its folder are texts that are not empty.")
        began = time.monotonic()
        made = await self._ask(
            "terminal_create", schema.CreateTerminalRequest, call,
            command="/bin/sh", args=["-c", command], cwd=cwd, output_byte_limit=MOST_OUTPUT,
        )  # fmt: skip
        terminal = made.get("terminalId") if isinstance(made, dict) else None
        if not isinstance(terminal, str):
            return _failed("The device answered without a terminal.")
        try:
            ended = await self._wait(call, terminal, min(seconds, MOST_SECONDS))
            shown = await self._ask("terminal_output", schema.TerminalOutputRequest, call, terminal_id=terminal)
        finally:
            # Releasing ends what still runs, also when the turn was cancelled meanwhile.
            with contextlib.suppress(RefusedError, LinkLostError, TimeoutError):
                async with asyncio.timeout(ENDING_SECONDS):
                    await self._ask("terminal_release", schema.ReleaseTerminalRequest, call, terminal_id=terminal)
        return _outcome(ended, shown, seconds) | {"seconds": round(time.monotonic() - began, 2)}

    async def _wait(self, call: ToolCalled, terminal: str, seconds: int) -> JsonValue:
        """How it ended; ``None`` if it had to be ended."""
        try:
            async with asyncio.timeout(seconds):
                request = schema.WaitForTerminalExitRequest
                return await self._ask("terminal_wait_for_exit", request, call, terminal_id=terminal)
        except TimeoutError:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ENDING_SECONDS):
                    await self._ask("terminal_kill", schema.KillTerminalRequest, call, terminal_id=terminal)
            return None

    async def _ask(self, method: str, kind: type[BaseModel], call: ToolCalled, **params: object) -> JsonValue:
        request = kind(session_id=call.session_id, **params)
        return await self._request(Message(CLIENT_METHODS[method], plain(request)))

    def _path(self, call: ToolCalled, name: str) -> str | None:
        written = call.arguments.get(name)
        return str(self._folders[call.session_id] / written) if isinstance(written, str) and written else None


def _outcome(ended: JsonValue, shown: JsonValue, seconds: int) -> JsonObject:
    try:
        output = schema.TerminalOutputResponse.model_validate(shown)
        exit_code = None if ended is None else schema.WaitForTerminalExitResponse.model_validate(ended).exit_code
    except ValidationError:
        return _failed("The device answered without the command's output.")
    told: JsonObject = {"success": ended is not None and exit_code == 0}
    if ended is None:
        told["error"] = f"Its time was over: it was ended after {seconds} seconds."
    else:
        told["exit_code"] = exit_code
    return told | {"stdout": output.output[:MOST_OUTPUT], "stderr": "", "truncated": output.truncated}


def _failed(sentence: str) -> JsonObject:
    return {"success": False, "error": sentence}


def _count(value: JsonValue) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
