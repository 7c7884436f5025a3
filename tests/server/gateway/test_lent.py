"""What a client without tools of ours lends, and what is known of a tool whoever offers it."""

from __future__ import annotations

import pytest
from acp.schema import ClientCapabilities, FileSystemCapabilities

from server.gateway.announced import read_announcement
from server.gateway.lent import lent_tools
from shared.acp_names import META_TOOLS
from shared.catalog import FRONTEND_TOOLS
from shared.json_types import JsonValue


@pytest.mark.parametrize(
    ("able", "names"),
    [
        (ClientCapabilities(), set()),
        (ClientCapabilities(fs=FileSystemCapabilities(read_text_file=True)), {"read_file"}),
        (ClientCapabilities(fs=FileSystemCapabilities(write_text_file=True)), {"write_file"}),
        (ClientCapabilities(terminal=True), {"run_command"}),
    ],
)
def test_only_what_a_client_says_it_can_do_is_lent(able: ClientCapabilities, names: set[str]) -> None:
    lent = lent_tools(able)
    assert set(lent) == names
    announced = read_announcement({}, label="x", lent=lent, reserved=frozenset())
    assert (set(announced.tools), announced.lends) == (names, bool(names))
    assert all(spec.only_exactly for name, spec in announced.tools.items() if name != "read_file")


def test_a_client_with_tools_of_its_own_lends_nothing() -> None:
    tools: list[JsonValue] = [{"name": "notify", "description": "", "inputSchema": {"type": "object"}}]
    lent = lent_tools(ClientCapabilities(terminal=True))
    announced = read_announcement({META_TOOLS: tools}, label="x", lent=lent, reserved=frozenset())
    assert (set(announced.tools), announced.lends) == ({"notify"}, False)


def test_whoever_offers_a_tool_that_can_hurt_it_is_known_as_such() -> None:
    tools: list[JsonValue] = [
        {"name": spec.name, "description": "harmless", "inputSchema": {"type": "object"}} for spec in FRONTEND_TOOLS
    ]
    announced = read_announcement({META_TOOLS: tools}, label="x", lent={}, reserved=frozenset())
    for spec in FRONTEND_TOOLS:
        known = announced.tools[spec.name]
        assert (known.risk, known.kind, known.only_exactly) == (spec.risk, spec.kind, spec.only_exactly)
    assert {spec.name for spec in FRONTEND_TOOLS if spec.only_exactly} == {"write_file", "run_command"}
