"""Real credentials on a real server: whose the sessions are, and who does not get in."""

from __future__ import annotations

import asyncio
import itertools
import re
import sqlite3
import sys
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from shared.acp_names import META_IDENTITY
from tests.journeys.raw_tab import RawTab, raw_tab
from tests.journeys.server_process import RunningServer, environment, fresh_server, running_server
from tests.server.gateway.issuer_for_tests import ALGORITHMS, AUDIENCE, ISSUER, b64, claims, jwk, token, written

PATIENCE = 30.0
UNKNOWN_SESSION = -32011


def configured(home: Path, *lines: str) -> Path:
    file = home / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(["[server]", *lines, ""]), encoding="utf-8")
    return home


def taking_tokens(home: Path, *keys: object) -> Path:
    """A home whose server takes tokens that these keys signed."""
    file = written(home / "keys.json", *keys)
    return configured(
        home, f'jwks = "{file}"', f'jwt_issuer = "{ISSUER}"', f'jwt_audience = "{AUDIENCE}"', "jwt_max_lifetime = 3600"
    )


async def command(home: Path, *arguments: str, **more: str) -> tuple[int, str, str]:
    """``ringback token`` in a process of its own: exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "client", "token", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL,
        env=environment(home, **more), cwd=home,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def key_for(home: Path, user: str, tenant: str = "default", *more: str, **environ: str) -> str:
    code, out, err = await command(home, "create", "--user", user, "--tenant", tenant, *more, **environ)
    assert code == 0, err
    return out.strip()


async def refusal(server: RunningServer, credential: str, **headers: str) -> tuple[int, str]:
    """Status and sentence that a handshake with this credential gets."""
    told = {"Authorization": f"Bearer {credential}", **{name.replace("_", "-"): text for name, text in headers.items()}}
    with pytest.raises(InvalidStatus) as caught:
        async with raw_tab(server.url, "", headers=told):
            pytest.fail("it was let in")
    response = caught.value.response
    return response.status_code, bytes(response.body or b"").decode()


async def opened_as(server: RunningServer, credential: str, user: str) -> None:
    async with raw_tab(server.url, credential) as tab:
        assert tab.session_id == f"session_{user}_{tab.signature}"


def key_part(key: str) -> str:
    return key.split("_")[1]


async def test_a_key_opens_from_the_moment_it_is_made_until_it_is_revoked(tmp_path: Path) -> None:
    before = await key_for(tmp_path, "ada", "acme")
    async with running_server(tmp_path) as server:
        await opened_as(server, before, "ada")
        meanwhile = await key_for(tmp_path, "bob", "acme")
        async with raw_tab(server.url, "", headers={"X-API-Key": meanwhile}) as tab:
            assert tab.session_id == f"session_bob_{tab.signature}"

        wrong = before[:-1] + ("A" if before[-1] != "A" else "B")
        mixed = f"rbk_{key_part(before)}_{meanwhile[15:]}"
        unknown = f"rbk_aaaaaaaaaa_{before[15:]}"
        code, _, err = await command(tmp_path, "revoke", key_part(meanwhile))
        assert code == 0, err
        expired = await key_for(tmp_path, "ada", "acme", "--days", "1")
        with sqlite3.connect(server.data_dir / "ringback.db", timeout=PATIENCE) as database:
            database.execute("UPDATE api_key SET expires_at = ? WHERE id = ?", (time.time() - 1, key_part(expired)))
        answers = {await refusal(server, bad) for bad in (wrong, mixed, unknown, meanwhile, expired, "", "x")}
        ((status, sentence),) = answers
        assert status == 401
        assert "missing, wrong, expired or revoked" in sentence
        await opened_as(server, before, "ada")


async def test_the_list_of_tenants_binds_keys_headers_and_tokens_but_not_who_sits_at_the_machine(
    tmp_path: Path,
) -> None:
    home = taking_tokens(tmp_path, jwk("HS256"))
    config = home / "config" / "config.toml"
    config.write_text(config.read_text() + 'tenants = ["acme", "beta"]\n')
    listed = await key_for(home, "ada", "acme")
    gateway = await key_for(home, "gateway", "acme", "--scope", "chat", "--scope", "act-as")
    foreign = await key_for(home, "ada", "other", RINGBACK_TENANTS="other")
    async with running_server(home) as server:
        await opened_as(server, listed, "ada")
        await opened_as(server, token(claims(tenant="beta")), "ada")
        nowhere = (403, "There is no tenant of that name here.\n")
        assert await refusal(server, foreign) == nowhere
        assert await refusal(server, token(claims(tenant="other"))) == nowhere
        assert await refusal(server, token(claims())) == nowhere
        assert await refusal(server, gateway, X_Tenant_ID="other", X_User_ID="ada") == nowhere
        assert (await refusal(server, "wrong", X_Tenant_ID="other"))[0] == 401
        async with raw_tab(server.url, server.token) as tab:
            assert tab.session_id.endswith(f"_{tab.signature}")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_token_opens_for_its_subject(tmp_path: Path, algorithm: str) -> None:
    async with running_server(taking_tokens(tmp_path, jwk(algorithm, kid="current"))) as server:
        await opened_as(server, token(claims(sub="ada", tenant="acme"), algorithm, header={"kid": "current"}), "ada")
        await opened_as(server, token(claims(sub="bob"), algorithm), "bob")
        bad = {
            "no subject": token(claims(sub=...), algorithm),
            "expired": token(claims(time.time() - 7200), algorithm),
            "too long": token(claims(exp=int(time.time()) + 7200), algorithm),
            "another issuer": token(claims(iss="https://evil.example"), algorithm),
            "another audience": token(claims(aud="other"), algorithm),
            "another kid": token(claims(), algorithm, header={"kid": "former"}),
            "another algorithm": token(claims(), "HS512" if algorithm == "HS256" else "HS256"),
            "unsigned": token(claims(), algorithm, header={"alg": "none"}),
        }
        for name, wrong in bad.items():
            status, sentence = await refusal(server, wrong)
            assert (name, status) == (name, 401)
            assert "missing, wrong, expired or revoked" in sentence
        with pytest.raises(InvalidStatus):
            async with raw_tab(server.url, "", headers={"X-API-Key": token(claims(), algorithm)}):
                pytest.fail("a token is no key")


async def test_keys_of_tokens_can_be_exchanged_while_the_server_runs(tmp_path: Path) -> None:
    home = taking_tokens(tmp_path, jwk("RS256", kid="former"))
    former, current = (token(claims(), "RS256", header={"kid": kid}) for kid in ("former", "current"))
    async with running_server(home) as server:
        await opened_as(server, former, "ada")
        assert (await refusal(server, current))[0] == 401
        written(home / "new.json", jwk("RS256", kid="current")).replace(home / "keys.json")
        await until_refused(server, former)
        await opened_as(server, current, "ada")
        (home / "keys.json").write_text("{")
        await until_logged(server, "the keys of before stay in use", current)
        await opened_as(server, current, "ada")


async def until_refused(server: RunningServer, credential: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with raw_tab(server.url, credential):
                    await asyncio.sleep(0.1)
            except InvalidStatus:
                return


async def until_logged(server: RunningServer, words: str, credential: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not any(words in line for line in server.lines):
            await opened_as(server, credential, "ada")
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ([{"kty": "oct", "k": b64(b"short")}], "shorter than 32 bytes"),
        ([jwk("RS256", kid="k"), jwk("ES256", kid="k")], "two keys of the same kid"),
        ([], "is no"),
        (None, "can be changed by others"),
    ],
    ids=["weak", "twice", "none", "open"],
)
async def test_with_keys_that_must_not_be_used_the_server_does_not_start(
    tmp_path: Path, keys: list[object] | None, sentence: str
) -> None:
    home = taking_tokens(tmp_path, *([jwk("RS256")] if keys is None else keys))
    if keys is None:
        (home / "keys.json").chmod(0o666)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "--port", "0", "--model", "demo",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(home), cwd=home,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert sentence in err.decode()
    assert str(home / "keys.json") in err.decode()
    assert "Traceback" not in err.decode()


async def test_two_of_one_name_in_two_tenants_and_a_third_have_nothing_of_each_other(tmp_path: Path) -> None:
    people = [("ada", "acme"), ("ada", "beta"), ("bob", "acme")]
    keys = [await key_for(tmp_path, *person) for person in people]
    async with running_server(tmp_path) as server, AsyncExitStack() as stack:
        tabs = [await stack.enter_async_context(raw_tab(server.url, key)) for key in keys]
        for tab, (user, _) in zip(tabs, people, strict=True):
            assert tab.session_id == f"session_{user}_{tab.signature}"
        turns = [asyncio.create_task(tab.prompt("Change BGM to track 1")) for tab in tabs]
        for tab in tabs:
            await tab.until(partial(len, tab.asked))
        for one, other in itertools.permutations(tabs, 2):
            await one.send({"jsonrpc": "2.0", "method": "session/cancel", "params": {"sessionId": other.session_id}})
            guessed = await prompt_error(one, other.session_id)
            assert guessed == await prompt_error(one, f"session_ada_{'0' * 36}")
            assert guessed["code"] == UNKNOWN_SESSION
        for tab, turn in zip(tabs, turns, strict=True):
            (asked,) = tab.asked
            await tab.answer(asked, "allow_once")
            assert (await turn)["result"] == {"stopReason": "end_turn"}
            assert len(tab.called) == 1
            assert {frame["params"]["sessionId"] for frame in tab.frames if "sessionId" in frame.get("params", {})} == {
                tab.session_id
            }


async def prompt_error(tab: RawTab, session_id: str) -> dict[str, object]:
    params = {"sessionId": session_id, "prompt": [{"type": "text", "text": "hello"}]}
    error: dict[str, object] = (await tab.request("session/prompt", params))["error"]
    return error


async def test_a_gateway_is_whom_it_names_and_nobody_else_is(tmp_path: Path) -> None:
    gateway = await key_for(tmp_path, "gateway", "acme", "--scope", "chat", "--scope", "act-as")
    plain = await key_for(tmp_path, "gateway", "acme")
    async with running_server(tmp_path) as server:
        named = {"X-API-Key": gateway, "X-Tenant-ID": "beta", "X-User-ID": "Jos\u00e9"}
        async with raw_tab(server.url, "", headers=named) as tab:
            assert tab.session_id == f"session_Jos\u00e9_{tab.signature}"
            assert (await named_session(tab, "ada"))["error"]["code"] == -32016
        async with raw_tab(server.url, gateway) as tab:
            opened = await named_session(tab, "ada")
            assert opened["result"]["sessionId"] == f"session_ada_{tab.signature}-2"
        async with raw_tab(server.url, plain) as tab:
            assert (await named_session(tab, "ada"))["error"]["code"] == -32016
            assert (await named_session(tab, "gateway"))["result"]
        assert (await refusal(server, plain, X_User_ID="ada"))[0] == 403
        assert (await refusal(server, gateway, X_User_ID="a" * 65))[0] == 400


async def named_session(tab: RawTab, user: str) -> dict[str, dict[str, object]]:
    meta = {META_IDENTITY: {"tenant": "acme", "userId": user}}
    opened: dict[str, dict[str, object]] = await tab.request(
        "session/new", {"cwd": "/", "mcpServers": [], "_meta": meta}
    )
    return opened


async def test_no_secret_is_in_a_log_the_database_or_a_command_line(tmp_path: Path) -> None:
    home = taking_tokens(tmp_path, jwk("HS256"))
    key, revoked = await key_for(home, "ada"), await key_for(home, "bob")
    await command(home, "revoke", revoked)
    right, wrong = token(claims()), token(claims(sub="canary-sub", jti="canary-jti", iss="canary-iss"))
    async with fresh_server(home) as server:
        for good in (key, right, server.token):
            async with raw_tab(server.url, good):
                pass
        for bad in (revoked, wrong, "canary-token", f"rbk_canarycana_{'c' * 43}", f"{right}canary"):
            assert (await refusal(server, bad))[0] == 401
        assert (await refusal(server, key, X_User_ID="canary-user"))[0] == 403
        arguments = Path(f"/proc/{server.process.pid}/cmdline")
        shown = arguments.read_bytes().decode() if arguments.exists() else ""
        local = server.token
    texts = [shown, (home / "stderr.log").read_text(encoding="utf-8")]
    texts += [file.read_text(encoding="utf-8") for file in (home / "state").iterdir()]
    texts += [file.read_bytes().decode("latin-1") for file in server.data_dir.glob("ringback.db*")]
    everything = "\n".join(texts)
    assert f"key {key_part(key)}" in everything, "the log is where it is looked for"
    secrets = [key[15:], revoked[15:], local, *right.split("."), *wrong.split(".")[1:], "canary"]
    assert [secret for secret in secrets if secret in everything] == []
    assert re.search(r"connection_refused status=401", everything)
