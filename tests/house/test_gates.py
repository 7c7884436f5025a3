"""The gates that tools keep: format, lint, types and the arrows between rooms."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
GATES = {
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "lint": [str(BIN / "ruff"), "check", "."],
    "arrows": [str(BIN / "lint-imports")],
    "types": [str(BIN / "mypy")],
    "security": [sys.executable, "-m", "bandit", "-q", "-r", "-c", "pyproject.toml", "client", "server", "shared"],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("gate", GATES)
def test_the_gate_is_green(gate: str) -> None:
    done = subprocess.run(GATES[gate], cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
