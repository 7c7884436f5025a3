"""The client's doors open without loading what is behind them."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"acp", "websockets", "textual", "google", "sqlalchemy", "pydantic", "miniaudio", "server"}


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "client.__main__",
        "client.settings",
        "client.server_process",
        "client.link.loader",
        "client.link.opening",
        "client.tools.toolkit",
    ],
)
def test_opening_a_door_does_not_load_the_house(module: str) -> None:
    assert not loaded_by(f"import {module}") & HEAVY


def test_the_wire_loads_acp_and_neither_the_agent_nor_the_database() -> None:
    loaded = loaded_by("import asyncio\nfrom client.link.loader import load_wire\nasyncio.run(load_wire())")
    assert {"acp", "websockets"} <= loaded
    assert not loaded & {"google", "sqlalchemy", "textual", "server"}
