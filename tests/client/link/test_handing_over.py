"""A conversation is handed over by a code, and the person's tabs are listed."""

from __future__ import annotations

from typing import Any

import pytest

from client.link.handing_over import NOTHING_HELD, HandingOver
from client.ports import ConnectedDevice, Welcome
from shared.acp_names import METHOD_DEVICES_LIST, METHOD_HANDOFF
from shared.errors import LinkLostError
from shared.frames import Device
from shared.ids import ConnectionSignature
from tests.client.link.agent_for_tests import SESSION, AgentForTests, Peer, running
from tests.client.link.test_tab_link import link_to, living
from tests.client.tab_for_tests import TabForTests

PHONE = {"connection": "c2", "id": "iphone", "label": "iPhone", "kind": "phone", "tools": ["notify"], "isSelf": False}


async def answer(_peer: Peer, method: str, _params: dict[str, Any]) -> Any:
    return {METHOD_HANDOFF: {"code": "1234", "expiresIn": 60}, METHOD_DEVICES_LIST: {"devices": [PHONE]}}[method]


async def test_a_code_is_asked_for_and_the_devices_are_read() -> None:
    tab, target = TabForTests(), ConnectionSignature("c2")
    async with running(AgentForTests(answer=answer)) as agent, living(link_to(agent, tab)) as link:
        await tab.first(Welcome)
        assert await link.handoff(target) == ("1234", 60)
        assert await link.devices() == [
            ConnectedDevice(target, Device("iphone", "iPhone", "phone"), ("notify",), is_self=False)
        ]
    assert agent.requested[0] == (METHOD_HANDOFF, {"sessionId": SESSION, "to": "c2"})


async def test_a_tab_that_holds_nothing_hands_nothing_over() -> None:
    with pytest.raises(LinkLostError, match=NOTHING_HELD):
        await HandingOver(lambda: None, lambda: None).handoff(None)
