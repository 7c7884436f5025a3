"""Every kind of credential through every step of the door, without a socket."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from server.core.identity import Admission, Identity, Scope, identity_named
from server.core.jwt_claims import TokenRefusedError, TokenRules
from server.gateway import authenticator as module
from server.gateway.authenticator import KEYS_AWAY, Authenticator, Entered, Keys, LocalToken, enter
from server.gateway.door import UNAUTHORIZED, Counts, DoorConfig, Handshake, Presented, Refusal, hosts_of
from server.gateway.jwt_check import JwtCheck
from server.gateway.key_file import KeyFile
from shared.errors import RingbackError, StorageError
from shared.ids import TenantId
from shared.secret import Secret
from tests.server.gateway.issuer_for_tests import AUDIENCE, ISSUER, claims, jwk, token, written
from tests.server.gateway.keys_for_tests import NOON, KeysInMemory, new_key

TOKEN = "a-token-of-at-least-thirty-two-characters"
SOMEONE = identity_named("default", "someone")
ADA = identity_named("acme", "ada")
LOCAL = LocalToken(Secret(TOKEN), SOMEONE)

KEY, KEPT = new_key(ADA, Scope.CHAT)
OTHER_KEY, OTHER_KEPT = new_key(ADA)
EXPIRED, EXPIRED_KEPT = new_key(ADA, made=NOON - timedelta(days=2))
REVOKED, REVOKED_KEPT = new_key(ADA)
UNKNOWN, _ = new_key(ADA)
JWT = token(claims(NOON.timestamp(), tenant="acme"))


class Tokens:
    """Knows one token."""

    def admission(self, token: str) -> Admission:
        if token != JWT:
            raise TokenRefusedError("it is another")
        return Admission(ADA, frozenset({Scope.CHAT}), "jwt token-1")


@pytest.fixture
async def kept() -> KeysInMemory:
    keys = KeysInMemory()
    for key in (KEPT, OTHER_KEPT, EXPIRED_KEPT, dataclasses.replace(REVOKED_KEPT, revoked_at=NOON)):
        await keys.create(key)
    return keys


def knowing(kept: KeysInMemory) -> Authenticator:
    async def keys() -> KeysInMemory:
        return kept

    return Authenticator(LOCAL, keys, Tokens(), now=lambda: NOON)


def failing(error: Exception) -> Keys:
    async def keys() -> KeysInMemory:
        raise error

    return keys


def bearer(credential: str) -> Presented:
    return Presented(Secret(credential), is_bearer=True)


def as_key(credential: str) -> Presented:
    return Presented(Secret(credential), is_bearer=False)


async def test_the_local_token_stands_for_its_holder_with_every_scope(kept: KeysInMemory) -> None:
    everything = Admission(SOMEONE, frozenset(Scope), "local token")
    for presented in (bearer(TOKEN), as_key(TOKEN)):
        assert await knowing(kept).admission(presented) == everything
    assert kept.found == []


async def test_the_local_token_needs_no_database() -> None:
    authenticator = Authenticator(LOCAL, failing(AssertionError("asked for the keys")))
    assert isinstance(await authenticator.admission(bearer(TOKEN)), Admission)


async def test_a_key_stands_for_its_person_in_either_header(kept: KeysInMemory) -> None:
    granted = Admission(ADA, frozenset({Scope.CHAT}), f"key {KEPT.id}", KEPT.expires_at)
    for presented in (bearer(KEY), as_key(KEY)):
        assert await knowing(kept).admission(presented) == granted


async def test_a_token_stands_for_its_subject_as_a_bearer_alone(kept: KeysInMemory) -> None:
    admission = await knowing(kept).admission(bearer(JWT))
    assert isinstance(admission, Admission)
    assert admission.identity == ADA
    assert await knowing(kept).admission(as_key(JWT)) == UNAUTHORIZED


WRONG = [
    TOKEN[:-1],
    TOKEN + "x",
    TOKEN.upper(),
    f"{TOKEN} {TOKEN}",
    "x",
    "\udcff\udcfe",
    "rbk_",
    UNKNOWN,
    EXPIRED,
    REVOKED,
    KEY[:-1],
    KEY + "A",
    KEY[:14] + OTHER_KEY[14:],
    KEY[:-1] + "\udcff",
    KEY.upper(),
    KEPT.id,
    KEPT.secret_hash,
    f"rbk_{KEPT.id}_{KEPT.secret_hash[:43]}",
    f"{JWT}x",
    "a.b.c",
]


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
async def test_every_wrong_credential_gets_the_same_answer(kept: KeysInMemory, wrong: str) -> None:
    for presented in (bearer(wrong), as_key(wrong)):
        assert await knowing(kept).admission(presented) == UNAUTHORIZED


async def test_a_key_that_there_is_and_one_that_there_is_not_are_looked_up_alike(kept: KeysInMemory) -> None:
    for key in (KEY[:14] + OTHER_KEY[14:], UNKNOWN):
        await knowing(kept).admission(as_key(key))
    assert kept.found == [KEPT.id, UNKNOWN.split("_")[1]]


async def test_what_could_be_no_key_is_not_looked_up(kept: KeysInMemory) -> None:
    await knowing(kept).admission(as_key(f"rbk_{'x' * 2000}"))
    assert kept.found == []


async def test_without_keys_for_them_tokens_open_nothing(kept: KeysInMemory) -> None:
    async def keys() -> KeysInMemory:
        return kept

    assert await Authenticator(LOCAL, keys).admission(bearer(JWT)) == UNAUTHORIZED


@pytest.mark.parametrize("error", [StorageError("The database failed."), RingbackError("It could not be loaded.")])
async def test_keys_that_cannot_be_checked_are_not_called_wrong(
    caplog: pytest.LogCaptureFixture, error: RingbackError
) -> None:
    authenticator = Authenticator(LOCAL, failing(error))
    assert await authenticator.admission(as_key(KEY)) == KEYS_AWAY
    assert KEYS_AWAY.status == 503
    assert str(error) in caplog.text
    assert KEY not in caplog.text


async def test_keys_that_do_not_come_are_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> KeysInMemory:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(module, "KEYS_WITHIN", 0.01)
    assert await Authenticator(LOCAL, never).admission(as_key(KEY)) == KEYS_AWAY


def test_the_local_token_is_not_shown_with_its_holder() -> None:
    assert TOKEN not in repr(LOCAL)


async def test_the_log_says_why_a_token_was_refused_and_nothing_of_it(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level("DEBUG")
    check = JwtCheck(KeyFile(written(tmp_path / "keys.json", jwk("HS256"))), TokenRules(ISSUER, AUDIENCE, 60))
    authenticator = Authenticator(LOCAL, failing(AssertionError()), check)
    wrong = token(claims(sub="canary", jti="canary"))
    assert await authenticator.admission(bearer(wrong)) == UNAUTHORIZED
    assert "a JSON Web Token was refused: it is valid for longer than jwt_max_lifetime allows" in caplog.text
    assert "canary" not in caplog.text
    assert wrong not in caplog.text


# --- all steps in a row --------------------------------------------------------------------------------------

HOSTS = {
    ("localhost:4711",): True,
    ("127.0.0.1:4711",): True,
    ("[::1]:4711",): True,
    (): False,
    ("localhost:4711", "localhost:4711"): False,
    ("localhost",): False,
    ("evil.example:4711",): False,
    ("localhost.evil.example:4711",): False,
    ("0.0.0.0:4711",): False,
}
ORIGINS = {
    (): True,
    ("",): False,
    ("null",): False,
    ("http://localhost:4711",): False,
    ("https://evil.example",): False,
}
CREDENTIALS: dict[tuple[tuple[str, str], ...], bool] = {
    (("Authorization", f"Bearer {TOKEN}"),): True,
    (("X-API-Key", TOKEN),): True,
    (("Authorization", f"Bearer {TOKEN}"), ("X-API-Key", TOKEN)): True,
    (("X-API-Key", KEY),): True,
    (("Authorization", f"Bearer {KEY}"),): True,
    (("Authorization", f"Bearer {JWT}"),): True,
    (): False,
    (("X-API-Key", JWT),): False,
    (("Authorization", f"Bearer {JWT}"), ("X-API-Key", JWT)): False,
    (("Authorization", f"Bearer {JWT}"), ("X-API-Key", KEY)): False,
    (("Authorization", f"Bearer {TOKEN}"), ("X-API-Key", KEY)): False,
    (("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {KEY}")): False,
    (("X-API-Key", KEY), ("X-API-Key", OTHER_KEY)): False,
    (("Authorization", f"Bearer {KEY}"), ("X-API-Key", "wrong")): False,
    (("Authorization", f"Basic {TOKEN}"),): False,
    (("Authorization", TOKEN),): False,
    (("Cookie", f"token={TOKEN}"),): False,
    (("Cookie", f"token={KEY}"),): False,
    **{(("Authorization", f"Bearer {wrong}"),): False for wrong in WRONG},
    **{(("X-API-Key", wrong),): False for wrong in WRONG},
}
DOOR = DoorConfig(hosts=hosts_of(4711))


def nobody(_: Identity) -> Counts:
    return Counts(0, 0)


def shaking(hosts: tuple[str, ...], origins: tuple[str, ...], headers: tuple[tuple[str, str], ...]) -> Handshake:
    named = [("Host", host) for host in hosts] + [("Origin", origin) for origin in origins]
    return Handshake("/acp", (*named, *headers))


async def test_only_the_right_host_without_an_origin_and_with_one_right_credential_gets_in(kept: KeysInMemory) -> None:
    authenticator, tried, opened = knowing(kept), 0, 0
    for hosts, origins, credentials in itertools.product(HOSTS, ORIGINS, CREDENTIALS):
        is_right = HOSTS[hosts] and ORIGINS[origins] and CREDENTIALS[credentials]
        verdict = await enter(shaking(hosts, origins, credentials), DOOR, authenticator, nobody)
        assert isinstance(verdict, Entered) is is_right, (hosts, origins, credentials)
        tried, opened = tried + 1, opened + isinstance(verdict, Entered)
    assert tried > 2_000
    assert opened == 3 * 6


async def test_a_refused_handshake_never_reaches_the_keys(kept: KeysInMemory) -> None:
    await enter(shaking(("evil.example",), (), (("X-API-Key", KEY),)), DOOR, knowing(kept), nobody)
    assert kept.found == []


@pytest.mark.parametrize(
    ("credential", "status"),
    [(KEY, 403), (JWT, 403), (UNKNOWN, 401), (EXPIRED, 401), (REVOKED, 401), ("wrong", 401)],
    ids=["key", "jwt", "unknown", "expired", "revoked", "wrong"],
)
async def test_which_tenants_there_are_is_told_only_to_those_who_proved_something(
    kept: KeysInMemory, credential: str, status: int
) -> None:
    door = dataclasses.replace(DOOR, tenants=frozenset({TenantId("beta")}))
    for names in ((), (("X-Tenant-ID", "nowhere"),), (("X-User-ID", "\udcff"),)):
        headers = (("Authorization", f"Bearer {credential}"), *names)
        verdict = await enter(shaking(("localhost:4711",), (), headers), door, knowing(kept), nobody)
        assert isinstance(verdict, Refusal)
        assert verdict.status == status


@pytest.mark.parametrize("make", [lambda: bearer(KEY), lambda: as_key(KEY)], ids=["bearer", "key"])
async def test_a_key_that_is_revoked_meanwhile_opens_no_more(kept: KeysInMemory, make: Callable[[], Presented]) -> None:
    authenticator = knowing(kept)
    assert isinstance(await authenticator.admission(make()), Admission)
    await kept.revoke(KEPT.id, NOON)
    assert await authenticator.admission(make()) == UNAUTHORIZED
