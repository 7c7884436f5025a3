"""Our own rules of security: nothing in the program breaks one, and each catches the line that it is there for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULES = ROOT / "tests/house/semgrep.yml"
SEMGREP = os.environ.get("RINGBACK_SEMGREP") or shutil.which("semgrep")
WHY_NOT = (
    "semgrep is not here. It weighs 380 MB and pins an older OpenTelemetry than the agent needs, so it lives in an "
    "environment of its own: pipx install semgrep, or name the program in RINGBACK_SEMGREP."
)
BAD = {
    "joined-sql": [
        'text(f"SELECT * FROM t WHERE a = {name}")',
        'text("SELECT a FROM t WHERE b = " + name)',
        'connection.execute("SELECT %s FROM t" % name)',
        'connection.execute(f"DELETE FROM {name}")',
    ],
    "shell": [
        "subprocess.run(name, shell=True)",
        "asyncio.create_subprocess_shell(name)",
        'os.system("ls " + name)',
        "loop.subprocess_shell(make, name)",
    ],
    "code-from-data": ["eval(name)", "exec(name)", "pickle.loads(name)", "yaml.load(name)", "marshal.loads(name)"],
    "unverified-tls": ["httpx.get(name, verify=False)", "context.check_hostname = False"],
    "guessable-temporary-file": ["tempfile.mktemp()", 'open("/tmp/ringback.txt", "w")', 'Path("/tmp/x").touch()'],
    "token-in-url": ['f"ws://host/acp?token={token}"', 'f"https://user:{password}@host/"'],
    "logged-secret": [
        'logger.info("came with %s", token)', 'log.debug("it is %s", self.secret)', 'say(logger, "x", a=token)',
    ],
    "notice-with-markup": ["self.notify(name)", "app.notify(name, markup=True)"],
    "markup-from-outside": ["Static(name)", 'Static(f"a {name}", id="x")', "dialog.border_title = name", "Label(name)"],
    "read-as-markup": ["Content.from_markup(name)", "Static(name, markup=True)"],
}  # fmt: skip
GOOD = [
    'text("SELECT * FROM t WHERE a = :name")',
    'connection.execute("SELECT a FROM t WHERE b = ?", (name,))',
    "subprocess.run([name], check=True)",
    "self.notify(name, markup=False)",
    'Static("a fixed text")',
    "Static(name, markup=False)",
    'Static(Content.assemble((name, "bold")))',
    "dialog.border_title = Content(name)",
    'dialog.border_title = "Fixed"',
    'f"ws://{host}/acp"',
    'logger.info("came as %s", user)',
]


def scan(*what: str, cwd: Path) -> list[tuple[str, str]]:
    """What the rules find, as pairs of a rule and where; without the network, and telling nobody."""
    assert SEMGREP is not None
    done = subprocess.run(
        [SEMGREP, "scan", "--metrics=off", "--disable-version-check", "--json", "--quiet", "--no-git-ignore",
         "--jobs", "1", "--config", str(RULES), *what],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert not found["errors"], found["errors"]
    return [(r["check_id"].rpartition(".")[2], f"{r['path']}:{r['start']['line']}") for r in found["results"]]


needs_semgrep = pytest.mark.skipif(SEMGREP is None, reason=WHY_NOT)


@needs_semgrep
def test_the_program_keeps_our_own_rules() -> None:
    assert scan("client", "server", "shared", cwd=ROOT) == []


@needs_semgrep
def test_each_rule_catches_its_planted_lines_and_no_honest_one(tmp_path: Path) -> None:
    planted = [(rule, line) for rule, lines in BAD.items() for line in lines]
    (tmp_path / "bad.py").write_text("\n".join(line for _, line in planted) + "\n")
    (tmp_path / "good.py").write_text("\n".join(GOOD) + "\n")
    found = scan("bad.py", "good.py", cwd=tmp_path)
    missed = [(rule, line) for n, (rule, line) in enumerate(planted, 1) if (rule, f"bad.py:{n}") not in found]
    assert missed == []
    assert [(rule, place) for rule, place in found if place.startswith("good.py")] == []


def test_every_rule_has_a_planted_line() -> None:
    ids = {line.split(":", 1)[1].strip() for line in RULES.read_text().splitlines() if line.startswith("  - id:")}
    assert ids == set(BAD)


@pytest.mark.parametrize(
    "line", ["subprocess.run(name, shell=True)", "pickle.loads(name)", "httpx.get(name, verify=False)", "eval(name)"]
)
def test_bandit_catches_what_it_is_there_for(line: str, tmp_path: Path) -> None:
    modules = {"subprocess", "pickle", "httpx"} & {line.partition(".")[0]}
    (tmp_path / "bad.py").write_text("".join(f"import {module}\n" for module in modules) + f"name = ''\n{line}\n")
    command = [sys.executable, "-m", "bandit", "-q", "-c", str(ROOT / "pyproject.toml"), str(tmp_path / "bad.py")]
    assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 1
