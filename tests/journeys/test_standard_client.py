"""A client that knows nothing of Ringback: the official Python SDK with its own WebSocket client."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from acp import PROTOCOL_VERSION, RequestError, connect_to_agent, text_block
from acp.schema import (
    AgentMessageChunk,
    AllowedOutcome,
    ClientCapabilities,
    DeniedOutcome,
    FileSystemCapabilities,
    PermissionOption,
    ReadTextFileResponse,
    RequestPermissionResponse,
    ToolCallUpdate,
)
from acp.ws.client import create_websocket_stream

from tests.journeys.server_process import running_server


class StandardClient:
    """Answers permissions with ``option`` and reads files; anything but ACP's own methods is a failure."""

    def __init__(self, option: str | None) -> None:
        self.option = option
        self.happened: list[str] = []
        self.updates: list[Any] = []
        self.strange: list[str] = []

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        self.updates.append(update)

    async def request_permission(
        self, session_id: str, tool_call: ToolCallUpdate, options: list[PermissionOption], **_: Any
    ) -> RequestPermissionResponse:
        self.happened.append(f"asked for {tool_call.title}")
        assert [option.kind for option in options] == [
            "allow_once", "allow_always", "allow_always", "reject_once", "reject_always",
        ]  # fmt: skip
        if self.option is None:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=self.option))

    async def read_text_file(
        self, session_id: str, path: str, line: int | None = None, limit: int | None = None, **_: Any
    ) -> ReadTextFileResponse:
        self.happened.append(f"read {path}")
        return ReadTextFileResponse(content=await asyncio.to_thread(Path(path).read_text, encoding="utf-8"))

    async def ext_method(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self.strange.append(method)
        raise RequestError.method_not_found(method)

    async def ext_notification(self, method: str, params: dict[str, Any]) -> None:
        self.strange.append(method)

    @property
    def text(self) -> str:
        chunks = [update for update in self.updates if isinstance(update, AgentMessageChunk)]
        return "".join(chunk.content.text for chunk in chunks if chunk.content.type == "text")


async def full_turn(home: Path, client: StandardClient, text: str, cwd: Path, *, reads: bool = True) -> str:
    async with running_server(home) as server:
        transport = await create_websocket_stream(server.url, headers={"Authorization": f"Bearer {server.token}"})
        agent = connect_to_agent(client, transport)  # type: ignore[arg-type]
        try:
            async with asyncio.timeout(30):
                await agent.initialize(
                    PROTOCOL_VERSION,
                    client_capabilities=ClientCapabilities(fs=FileSystemCapabilities(read_text_file=reads)),
                )
                session = await agent.new_session(cwd=str(cwd), mcp_servers=[])
                answer = await agent.prompt(session.session_id, [text_block(text)])
        finally:
            await agent.close()
    assert client.strange == []
    return answer.stop_reason


async def test_a_file_is_asked_for_and_then_read_through_the_clients_own_fs(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("the answer is 42", encoding="utf-8")
    client = StandardClient("allow_once")
    assert await full_turn(tmp_path / "home", client, "read file note.txt", tmp_path) == "end_turn"
    assert client.happened == ["asked for Read a file", f"read {tmp_path / 'note.txt'}"]
    assert "42" in client.text


@pytest.mark.parametrize("option", ["reject_once", None, "an option nobody offered"])
async def test_without_a_yes_nothing_is_read(tmp_path: Path, option: str | None) -> None:
    (tmp_path / "note.txt").write_text("the answer is 42", encoding="utf-8")
    client = StandardClient(option)
    assert await full_turn(tmp_path / "home", client, "read file note.txt", tmp_path) == "end_turn"
    assert client.happened == ["asked for Read a file"]
    assert "42" not in client.text


async def test_a_tool_that_the_client_does_not_have_is_told_to_the_model_at_once(tmp_path: Path) -> None:
    client = StandardClient("allow_once")
    assert await full_turn(tmp_path / "home", client, "Change BGM to track 1", tmp_path) == "end_turn"
    assert client.happened == []
    assert "does not offer" in client.text


async def test_plain_talk_needs_no_permission(tmp_path: Path) -> None:
    client = StandardClient(None)
    assert await full_turn(tmp_path / "home", client, "hello there", tmp_path, reads=False) == "end_turn"
    assert "hello there" in client.text
