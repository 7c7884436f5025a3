"""What opens something is nowhere but where it must be, and every file is the person's own."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import stat
import sys
from pathlib import Path

import pytest

from tests.journeys.certificate_for_tests import certificate
from tests.journeys.raw_tab import raw_tab
from tests.journeys.server_process import environment, fresh_server
from tests.journeys.test_door import PATIENCE, status
from tests.journeys.test_identities import command, key_for, key_part, taking_tokens
from tests.journeys.tmux import screen
from tests.server.gateway.issuer_for_tests import SECRET, claims, jwk, token

MODEL_KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY")


def texts_of(home: Path) -> dict[str, str]:
    """Everything below ``home``, but for what holds a secret because it is its one place."""
    kept = {"keys.json", "token", "key.pem", "tabs.json"}
    files = [file for file in home.rglob("*") if file.is_file() and file.name not in kept]
    return {str(file.relative_to(home)): file.read_bytes().decode("latin-1") for file in files}


def command_lines() -> str:
    """The arguments of every process that there is, as everybody on the machine sees them."""
    lines = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            lines.append((folder / "cmdline").read_bytes().decode("latin-1"))
        except OSError:
            continue
    return "\n".join(lines)


async def test_no_secret_is_anywhere_even_when_everything_is_logged(tmp_path: Path) -> None:
    home = taking_tokens(tmp_path, jwk("HS256"))
    pem = certificate(home)
    key, gone = await key_for(home, "ada"), await key_for(home, "bob")
    assert (await command(home, "revoke", key_part(gone)))[0] == 0
    right, wrong = token(claims()), token(claims(sub="canary-subject", jti="canary-jti", iss="canary-iss"))
    environ = {
        "RINGBACK_VERBOSE": "true",
        "RINGBACK_REDIS": "redis://ada:canary-redis@127.0.0.1:1/0",
        **{name: f"canary-{name.lower()}-0123456789" for name in MODEL_KEYS},
    }
    shown = ""
    async with fresh_server(home, environ=environ) as server:
        secrets = {"the local token": server.token}
        for good in (key, right, server.token):
            async with raw_tab(server.url, good) as tab:
                # Talk of one is the person's own business; only what opened the door is ours to hide.
                await tab.prompt("hello")
                await tab.prompt("/fail")
                opened = await tab.request(
                    "session/resume", {"sessionId": tab.session_id, "cwd": "/", "mcpServers": []}
                )
                secrets[f"a lease's secret of {good[:3]}"] = opened["result"]["_meta"]["ringback/leaseSecret"]
                code = await tab.request("_ringback/session/handoff", {"sessionId": tab.session_id})
                secrets[f"a handoff code of {good[:3]}"] = code["result"]["code"]
        host = ("Host", server.url.removeprefix("ws://").removesuffix("/acp"))
        shy = {
            "a wrong token": [("Authorization", "Bearer canary-wrong-token")],
            "a revoked key": [("X-API-Key", gone)],
            "a wrong key": [("X-API-Key", f"rbk_aaaaaaaaaa_canary{'c' * 37}")],
            "a wrong JWT": [("Authorization", f"Bearer {wrong}")],
            "basic": [("Authorization", "Basic canary-basic")],
            "a cookie": [("Cookie", "session=canary-cookie")],
            "two": [("Authorization", f"Bearer {right}"), ("X-API-Key", "canary-second")],
        }
        for headers in shy.values():
            assert await status(server, [host, *headers]) == 401
        assert await status(server, [host, ("Authorization", f"Bearer {key}")], "/acp?token=canary-query") == 400
        shown = command_lines()
    secrets |= {
        "a key": key[15:], "a revoked key": gone[15:], "a JWT": right.split(".")[2], "a wrong JWT": wrong.split(".")[2],
        "the JWT's key": SECRET.decode("latin-1"), "a TLS key": pem[1].read_text().splitlines()[1],
        "all that is called canary": "canary",
    }  # fmt: skip
    texts = {**texts_of(home), "the process list": shown}
    assert len("".join(texts.values())) > 100_000, "everything was logged"
    assert any("websockets" in text for text in texts.values())
    found = [(what, where) for what, secret in secrets.items() for where, text in texts.items() if secret in text]
    assert found == []
    print(f"{len(secrets) + len(shy) + len(MODEL_KEYS) + 2} secrets looked for in {len(texts)} places: 0 found")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed here")
@pytest.mark.parametrize("umask", ["000", "022"])
async def test_every_file_is_the_persons_own_whatever_the_umask_is(tmp_path: Path, umask: str) -> None:
    home = tmp_path / "home"
    ringback = shlex.join([sys.executable, "-m", "client"])
    script = f"umask {umask}; {ringback} --model demo; {ringback} token create --user ada >/dev/null"
    async with screen(["sh", "-c", script], {**environment(home), "PWD": str(tmp_path)}) as shown:
        await shown.type('/tool change_bgm {"track": 1}')
        await shown.press("Enter")
        await shown.shows("Change the background music")
        await shown.press("Tab")
        await asyncio.sleep(1)  # a person reads first; keys count only once the prompt was on the screen for a while
        await shown.press("a")
        await shown.shows("Now playing track 1")
        loose = loose_modes(home)
        await shown.press("C-q")
        await shown.shows("ended with 0", PATIENCE)
    loose |= loose_modes(home)
    made = list(home.rglob("*"))
    assert {"token", "ringback.db", "server.log", "runs.db"} <= {path.name for path in made}
    print(f"umask {umask}: {len(made)} files and folders, for others as well: {sorted(loose)}")
    assert loose == set()


def loose_modes(home: Path) -> set[str]:
    """What is not 0600 (files, sockets) or 0700 (folders)."""
    found: set[str] = set()
    for path in [home, *home.rglob("*")]:
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            continue
        wanted = 0o700 if stat.S_ISDIR(mode) else 0o600
        if stat.S_IMODE(mode) != wanted and path != home:
            found.add(f"{path.relative_to(home)} {stat.S_IMODE(mode):o}")
    return found
