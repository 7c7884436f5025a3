"""Loading in advance."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import asyncio, sys, threading
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from server.agent.runner import AdkAgent
from server.agent.warm_up import warm_up
from tests.server.agent.talks import open_talk, say
from tests.server.tab_for_tests import TabForTests

thread = threading.Thread(target=warm_up)
thread.start()
thread.join()
before = set(sys.modules)

async def turns():
    talk = open_talk(AdkAgent(session_service=InMemorySessionService(), model_name="demo"), TabForTests())
    for message in ("hello", "Change BGM to track 1", "what is 2+2"):
        assert (await say(talk, message)).problem is None

asyncio.run(turns())
print(*sorted(set(sys.modules) - before))
"""


def test_after_it_the_first_turn_loads_nothing_more() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout.split() == []
