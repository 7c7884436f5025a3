"""The house's own rules: small files that say their job, true names, light doors, and a catalogue that is kept."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from client.tools import TOOLS
from shared.catalog import FRONTEND_TOOLS

ROOT = Path(__file__).parents[2]
PACKAGES = ("client", "server", "shared")
MAX_LINES = 250
VAGUE = {"utils", "util", "helpers", "helper", "base", "data", "common", "misc", "manager", "tools_common", "stuff"}
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in FILES]

HEAVY = ("acp", "websockets", "google.adk", "google.genai", "sqlalchemy", "alembic", "httpx", "miniaudio", "pydantic")
LATER = ("alembic", "httpx", "jwt", "cryptography", "opentelemetry", "prometheus_client", "redis", "pydantic", "acp")
LIGHT_DOORS = {
    "client.__main__": (*HEAVY, "textual"),
    "client.app": HEAVY,
    "client.link.loader": (*HEAVY, "textual"),
    "client.settings": (*HEAVY, "textual"),
    "client.server_process": (*HEAVY, "textual"),
    "client.tools": (*HEAVY, "textual"),
    "server.__main__": ("google.adk", "google.genai", *LATER, "textual", "client"),
    "server.agent": ("google.adk", "google.genai"),
    "server.own_tools": ("google.adk", "google.genai", "sqlalchemy", "acp"),
    "shared.frames": (*HEAVY, "textual", "asyncio"),
}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_file_is_short_and_its_first_line_says_its_job(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MAX_LINES
    job = ast.get_docstring(ast.parse(text))
    assert job, "the first line says the file's job"
    assert job.splitlines()[0].endswith((".", ":")), "the job is a sentence"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_file_has_a_name_that_says_something(path: Path) -> None:
    assert not VAGUE & set(re.split(r"[/.]", str(path.relative_to(ROOT))))


@pytest.mark.parametrize("door", LIGHT_DOORS)
def test_opening_a_door_does_not_load_the_house(door: str) -> None:
    code = f"import sys, {door}; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert not loaded & set(LIGHT_DOORS[door])


def test_the_client_has_every_tool_of_the_catalogue_and_no_other() -> None:
    assert [tool.spec for tool in TOOLS] == list(FRONTEND_TOOLS)


def test_the_map_in_the_readme_is_true() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\s*((?:client|server|shared|tests)/[\w/.]*)", readme, flags=re.MULTILINE)
    assert named, "the README has a map"
    assert [name for name in named if not (ROOT / name).exists()] == []
    rooms = {
        f"{path.relative_to(ROOT)}/" for package in PACKAGES for path in (ROOT / package).iterdir() if path.is_dir()
    }
    assert {room for room in rooms if "__pycache__" not in room} - set(named) == set(), "every room is on the map"


def test_ci_runs_the_readmes_test_command_and_nothing_cleverer() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^(python3 -m venv .*pytest)$", readme, flags=re.MULTILINE)
    steps = [line for line in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert [step for step in steps if step] == ["set -eu", 'cd "$(dirname "$0")/.."', command]
