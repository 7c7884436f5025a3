"""After a decline nothing runs, whatever class the tool has: through the real gate and the real runner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.function_tool import FunctionTool
from google.adk.tools.long_running_tool import LongRunningFunctionTool
from google.adk.tools.tool_context import ToolContext
from google.genai import types

from server.agent.backend_tool import BackendTool
from server.agent.gate import GatePlugin
from server.agent.history import WindowedHistory
from server.agent.own_tool import OwnTool
from server.agent.runner import AdkAgent
from server.async_tool import AsyncBaseTool
from server.context import Workers, start_workers
from server.core.canonical import arguments_hash
from server.core.decision import Decision
from server.core.grant import Grant, GrantId
from server.core.policy_rules import PolicyRule, Rule
from server.tabs.bookkeeping import LIFETIME
from shared.frames import ApprovalAsked, Choice, ToolCalled
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec, object_schema
from tests.server.agent.talks import results, say
from tests.server.services_for_tests import ADA, Setup, begun
from tests.server.tab_for_tests import Decide, TabForTests

RAN: list[str] = []
SCHEMA = object_schema(("what",), what={"type": "string"})


@pytest.fixture(autouse=True)
def nothing_ran_yet() -> None:
    RAN.clear()


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = start_workers(agent=1, tool=2)
    yield workers
    workers.close()


async def backend(arguments: JsonObject) -> JsonObject:
    RAN.append(str(arguments["what"]))
    return {}


class OwnAsync(AsyncBaseTool):
    """Somebody's own, async."""

    what: str

    async def _arun(self) -> JsonObject:
        RAN.append(self.what)
        return {"success": True}


class OwnSync(AsyncBaseTool):
    """Somebody's own, in a thread."""

    what: str

    def run(self) -> JsonObject:
        RAN.append(self.what)
        return {"success": True}


async def plain_async(what: str) -> dict[str, Any]:
    """A function that ADK makes a tool of."""
    RAN.append(what)
    return {"success": True}


def plain_sync(what: str) -> dict[str, Any]:
    """A function that ADK runs in a thread."""
    RAN.append(what)
    return {"success": True}


async def long_running(what: str) -> dict[str, Any]:
    """A function whose result comes later."""
    RAN.append(what)
    return {"status": "pending"}


class LooksLikeMcp(BaseTool):
    """What ADK makes of a tool of an MCP server: a class of its own with a schema, which looks at no approval."""

    def __init__(self) -> None:
        super().__init__(name="mcp_tool", description="From elsewhere.")

    def _get_declaration(self) -> types.FunctionDeclaration:
        return types.FunctionDeclaration(name=self.name, description="From elsewhere.", parameters_json_schema=SCHEMA)

    async def run_async(self, *, args: dict[str, Any], tool_context: ToolContext) -> JsonObject:
        RAN.append(args["what"])
        return {"content": [{"type": "text", "text": "done"}]}


TOOLS: dict[str, Callable[[Workers], BaseTool | None]] = {
    "notify": lambda _: None,
    "backend": lambda _: BackendTool(ToolSpec("backend", "Backend", "Backend", SCHEMA), backend),
    "own_async": lambda workers: OwnTool(OwnAsync, workers),
    "own_sync": lambda workers: OwnTool(OwnSync, workers),
    "plain_async": lambda _: FunctionTool(plain_async),
    "plain_sync": lambda _: FunctionTool(plain_sync),
    "long_running": lambda _: LongRunningFunctionTool(long_running),
    "mcp_tool": lambda _: LooksLikeMcp(),
}
"""One of each class, by name; the first is the tab's own."""


class Server:
    """One server with that tool, and a tab of a person who answers by ``decide``."""

    def __init__(
        self, history: WindowedHistory, tool: BaseTool | None, decide: Decide, policy: tuple[PolicyRule, ...] = ()
    ) -> None:
        tools: Any = [] if tool is None else [tool]
        self.name = "notify" if tool is None else tool.name
        agent = AdkAgent(session_service=history, model_name="demo", backend_tools=tools)
        self.setup = Setup(agent, policy=policy)
        self.tab = TabForTests(decide=decide, run_tool=run_in_tab)
        self.talk = begun(self.setup.sessions, ADA, self.tab)

    async def ask_for(self, what: str) -> None:
        end = await say(self.talk, f'/tool {self.name} {{"what": "{what}"}}')
        assert end.problem is None

    @property
    def decisions(self) -> list[Decision]:
        return [entry.decided.decision for entry in self.setup.ledger.audit]


async def run_in_tab(call: ToolCalled) -> JsonObject:
    RAN.append(str(call.arguments["what"]))
    return {"success": True}


def answering(*choices: Choice | None) -> Decide:
    """One answer after the other, and then the last one again."""
    left = list(choices)

    async def decide(_: ApprovalAsked) -> Choice | None:
        return left.pop(0) if len(left) > 1 else left[0]

    return decide


@pytest.mark.parametrize("name", TOOLS)
async def test_a_tool_of_each_class_runs_once_it_is_allowed(
    name: str, history: WindowedHistory, workers: Workers
) -> None:
    server = Server(history, TOOLS[name](workers), answering(Choice.ALLOW_ONCE))
    await server.ask_for("yes")
    assert RAN == ["yes"]
    assert server.decisions == [Decision.ALLOWED_ONCE]


@pytest.mark.parametrize("name", TOOLS)
async def test_after_a_decline_of_each_kind_a_tool_of_no_class_runs_whatever_was_granted(
    name: str, history: WindowedHistory, workers: Workers
) -> None:
    answers = [None, Choice.REJECT_ONCE, Choice.REJECT_TOOL]
    server = Server(history, TOOLS[name](workers), answering(*answers))
    for number, _ in enumerate(answers):
        await server.ask_for(f"no {number}")
    grant(server, "granted")
    await server.ask_for("granted")
    assert RAN == []
    assert [given.result and given.result["success"] for given in results(server.tab)] == [False] * 4
    assert len(server.tab.asked) == len(answers)
    assert server.decisions == [
        Decision.CANCELLED,
        Decision.REJECTED_ONCE,
        Decision.REJECTED_TOOL,
        Decision.REJECTED_BEFORE,
    ]


@pytest.mark.parametrize("name", TOOLS)
async def test_what_the_policy_denies_does_not_run_and_nobody_is_asked_whatever_was_granted(
    name: str, history: WindowedHistory, workers: Workers
) -> None:
    server = Server(history, TOOLS[name](workers), answering(Choice.ALLOW_ONCE), (PolicyRule("*", Rule.DENY),))
    grant(server, "no")
    await server.ask_for("no")
    assert (RAN, server.tab.asked) == ([], [])
    assert server.decisions == [Decision.DENIED_BY_POLICY]


@pytest.mark.parametrize("name", TOOLS)
async def test_what_was_granted_runs_unasked_and_only_that(
    name: str, history: WindowedHistory, workers: Workers
) -> None:
    server = Server(history, TOOLS[name](workers), answering(Choice.REJECT_ONCE))
    grant(server, "this")
    await server.ask_for("this")
    assert (RAN, server.tab.asked) == (["this"], [])
    await server.ask_for("that")
    assert RAN == ["this"]
    assert server.decisions == [Decision.BY_GRANT, Decision.REJECTED_ONCE]


async def test_a_gate_that_lets_all_through_would_be_found(
    history: WindowedHistory, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def admit(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(GatePlugin, "_admit", admit)
    for name in ("plain_async", "mcp_tool"):
        await Server(history, TOOLS[name](workers), answering(Choice.REJECT_ONCE)).ask_for(name)
    assert RAN == ["plain_async", "mcp_tool"]


def grant(server: Server, what: str) -> None:
    """The person allowed that on this tab's device a while ago."""
    arguments: JsonObject = {"what": what}
    now = server.talk.context.created_at
    kept = Grant(
        GrantId("g"),
        ADA,
        server.tab.device.id,
        "PC",
        server.tab.cwd,
        server.name,
        arguments,
        arguments_hash(arguments),
        now,
        now + LIFETIME,
    )
    server.setup.ledger.grants[ADA, kept.device, kept.folder, kept.tool, kept.arguments_hash] = kept
