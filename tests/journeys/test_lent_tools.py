"""A client that knows only ACP lends its files and its terminal: written and run there, by its own methods."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import Any

from acp import PROTOCOL_VERSION, connect_to_agent, text_block
from acp.schema import (
    AllowedOutcome,
    ClientCapabilities,
    CreateTerminalResponse,
    DeniedOutcome,
    FileSystemCapabilities,
    KillTerminalResponse,
    ReleaseTerminalResponse,
    RequestPermissionResponse,
    TerminalOutputResponse,
    WaitForTerminalExitResponse,
    WriteTextFileResponse,
)
from acp.ws.client import create_websocket_stream

from tests.journeys.server_process import running_server
from tests.journeys.test_standard_client import StandardClient


class Lender(StandardClient):
    """Runs what it is asked to in real processes, and writes real files."""

    def __init__(self, option: str | None) -> None:
        super().__init__(option)
        self.processes: dict[str, asyncio.subprocess.Process] = {}

    async def request_permission(self, session_id: str, tool_call: Any, options: Any, **_: Any) -> Any:
        self.happened.append(f"asked for {tool_call.title}")
        if self.option is None:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=self.option))

    async def write_text_file(self, session_id: str, path: str, content: str, **_: Any) -> WriteTextFileResponse:
        self.happened.append(f"wrote {path}")
        await asyncio.to_thread(Path(path).write_text, content, encoding="utf-8")
        return WriteTextFileResponse()

    async def create_terminal(self, session_id: str, command: str, **more: Any) -> CreateTerminalResponse:
        args, cwd = more["args"], more["cwd"]
        self.happened.append(f"ran {command} {args} in {cwd}")
        self.processes["t1"] = await asyncio.create_subprocess_exec(
            command, *args, cwd=cwd, stdout=asyncio.subprocess.PIPE, start_new_session=True
        )
        return CreateTerminalResponse(terminal_id="t1")

    async def wait_for_terminal_exit(self, session_id: str, terminal_id: str, **_: Any) -> WaitForTerminalExitResponse:
        return WaitForTerminalExitResponse(exit_code=await self.processes[terminal_id].wait())

    async def terminal_output(self, session_id: str, terminal_id: str, **_: Any) -> TerminalOutputResponse:
        stdout = self.processes[terminal_id].stdout
        assert stdout is not None
        return TerminalOutputResponse(output=(await stdout.read()).decode(), truncated=False)

    async def kill_terminal(self, session_id: str, terminal_id: str, **_: Any) -> KillTerminalResponse:
        self.happened.append("killed")
        os.killpg(self.processes[terminal_id].pid, signal.SIGKILL)
        return KillTerminalResponse()

    async def release_terminal(self, session_id: str, terminal_id: str, **_: Any) -> ReleaseTerminalResponse:
        self.happened.append("released")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.processes[terminal_id].pid, signal.SIGKILL)
        await self.processes[terminal_id].wait()
        return ReleaseTerminalResponse()


ALL = ClientCapabilities(fs=FileSystemCapabilities(write_text_file=True), terminal=True)


async def talk(home: Path, client: Lender, cwd: Path, *texts: str) -> None:
    async with running_server(home) as server:
        transport = await create_websocket_stream(server.url, headers={"Authorization": f"Bearer {server.token}"})
        agent = connect_to_agent(client, transport)  # type: ignore[arg-type]
        try:
            async with asyncio.timeout(40):
                await agent.initialize(PROTOCOL_VERSION, client_capabilities=ALL)
                session = await agent.new_session(cwd=str(cwd), mcp_servers=[])
                for text in texts:
                    answer = await agent.prompt(session.session_id, [text_block(text)])
                    assert answer.stop_reason == "end_turn"
        finally:
            await agent.close()
    assert client.strange == []


async def test_files_are_written_and_commands_run_by_the_clients_own_methods(tmp_path: Path) -> None:
    client = Lender("allow_once")
    long = '/tool run_command {"command": "echo begun; sleep 100", "timeout": 1}'
    await talk(tmp_path / "home", client, tmp_path, "write hello to a.txt", "run cat a.txt; exit 3", long)
    assert client.happened == [
        "asked for Write a file",
        f"wrote {tmp_path / 'a.txt'}",
        "asked for Run a command",
        f"ran /bin/sh ['-c', 'cat a.txt; exit 3'] in {tmp_path}",
        "released",
        "asked for Run a command",
        f"ran /bin/sh ['-c', 'echo begun; sleep 100'] in {tmp_path}",
        "killed",
        "released",
    ]
    assert (tmp_path / "a.txt").read_text() == "hello\n"
    assert "exit code 3: hello" in client.text
    assert "Its time was over: it was ended after 1 seconds." in client.text


async def test_without_a_yes_nothing_is_written_or_run(tmp_path: Path) -> None:
    client = Lender("reject_once")
    await talk(tmp_path / "home", client, tmp_path, "write hello to a.txt", "run touch b.txt")
    assert client.happened == ["asked for Write a file", "asked for Run a command"]
    assert {path.name for path in tmp_path.iterdir()} == {"home"}
