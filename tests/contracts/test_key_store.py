"""API keys come back as they were kept, are found by id alone, and are revoked once and for all."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from server.core.api_key import ApiKey, KeyId, KeyTakenError, UnknownKeyError
from server.core.identity import Scope, identity_named
from server.ports import KeyStore
from server.storage.engine import make_engine, sqlite_url
from server.storage.sql_keys import SqlKeys
from server.storage.tables import API_KEY
from shared.errors import StorageError
from shared.ids import TenantId, UserId
from tests.contracts.databases import database

NOON = datetime(2026, 11, 21, 12, 0, 0, 123_457, tzinfo=UTC)
ADA, ACMES_ADA, BOB = (identity_named(*names) for names in (("default", "ada"), ("acme", "ada"), ("acme", "bob")))
KEY = ApiKey(
    id=KeyId("aaaaaaaaaa"),
    identity=ADA,
    secret_hash="0" * 64,
    scopes=frozenset(Scope),
    label="phone 😀 é '; DROP TABLE api_key; --",
    created_at=NOON,
    expires_at=NOON + timedelta(days=90),
)
LONG = ApiKey(
    id=KeyId("b" * 16),
    identity=identity_named("t" * 64, "😀" * 64),
    secret_hash="f" * 64,
    scopes=frozenset(),
    label="😀" * 128,
    created_at=NOON - timedelta(seconds=1),
)


@pytest.fixture
def keys(engine: AsyncEngine) -> KeyStore:
    return SqlKeys(engine)


@pytest.mark.parametrize(
    "key", [KEY, LONG, dataclasses.replace(KEY, revoked_at=NOON)], ids=["plain", "long", "revoked"]
)
async def test_a_key_comes_back_as_it_was_kept(keys: KeyStore, key: ApiKey) -> None:
    await keys.create(key)
    assert await keys.find(key.id) == key


async def test_an_id_that_was_never_made_finds_none(keys: KeyStore) -> None:
    await keys.create(KEY)
    for name in ("aaaaaaaaab", "AAAAAAAAAA", "aaaaaaaaaa ", "a%", "", "' OR ''='"):
        assert await keys.find(KeyId(name)) is None


async def test_a_second_key_of_the_same_id_is_refused_and_the_first_stays(keys: KeyStore) -> None:
    await keys.create(KEY)
    with pytest.raises(KeyTakenError, match="aaaaaaaaaa"):
        await keys.create(dataclasses.replace(KEY, identity=BOB, secret_hash="1" * 64))
    assert await keys.find_all() == (KEY,)


async def test_keys_are_listed_oldest_first_for_all_a_tenant_a_name_or_a_person(keys: KeyStore) -> None:
    of = {
        name: dataclasses.replace(KEY, id=KeyId(name * 10), identity=identity, created_at=NOON + timedelta(hours=hour))
        for name, identity, hour in (("a", ADA, 3), ("b", ACMES_ADA, 2), ("c", BOB, 1), ("d", ADA, 0))
    }
    for key in of.values():
        await keys.create(key)
    default, acme, ada = TenantId("default"), TenantId("acme"), UserId("ada")
    assert await keys.find_all() == (of["d"], of["c"], of["b"], of["a"])
    assert await keys.find_all(tenant=acme) == (of["c"], of["b"])
    assert await keys.find_all(user_id=ada) == (of["d"], of["b"], of["a"])
    assert await keys.find_all(tenant=default, user_id=ada) == (of["d"], of["a"])
    assert await keys.find_all(tenant=default, user_id=UserId("bob")) == ()


async def test_a_revoked_key_stays_revoked_since_the_first_time(keys: KeyStore) -> None:
    await keys.create(KEY)
    await keys.create(dataclasses.replace(KEY, id=KeyId("other")))
    revoked = dataclasses.replace(KEY, revoked_at=NOON + timedelta(hours=1))
    assert await keys.revoke(KEY.id, NOON + timedelta(hours=1)) == revoked
    assert await keys.revoke(KEY.id, NOON + timedelta(hours=2)) == revoked
    assert await keys.find(KEY.id) == revoked
    assert (await keys.find(KeyId("other"))) == dataclasses.replace(KEY, id=KeyId("other"))


async def test_an_unknown_key_cannot_be_revoked(keys: KeyStore) -> None:
    with pytest.raises(UnknownKeyError, match="There is no key nothing"):
        await keys.revoke(KeyId("nothing"), NOON)


async def test_ten_keys_made_at_once_are_all_kept(keys: KeyStore) -> None:
    made = [dataclasses.replace(KEY, id=KeyId(f"key{number}")) for number in range(10)]
    await asyncio.gather(*(keys.create(key) for key in made))
    assert set(await keys.find_all()) == set(made)


async def test_a_scope_of_a_later_version_opens_nothing_here(keys: KeyStore, engine: AsyncEngine) -> None:
    await keys.create(KEY)
    async with engine.begin() as connection:
        await connection.execute(sa.update(API_KEY).values(scopes="chat conquer"))
    found = await keys.find(KEY.id)
    assert found is not None
    assert found.scopes == {Scope.CHAT}


async def test_another_program_on_the_same_file_sees_a_change_at_once(tmp_path: Path) -> None:
    other = make_engine(sqlite_url(tmp_path / "ringback.db"))
    try:
        async with database("sqlite", tmp_path) as engine:
            server, command = SqlKeys(engine), SqlKeys(other)
            assert await server.find(KEY.id) is None
            await command.create(KEY)
            assert await server.find(KEY.id) == KEY
            revoked = await command.revoke(KEY.id, NOON)
            assert await server.find(KEY.id) == revoked
    finally:
        await other.dispose()


async def test_a_database_that_fails_is_an_error_of_ours_that_tells_no_secrets(
    keys: KeyStore, engine: AsyncEngine
) -> None:
    async with engine.begin() as connection:
        await connection.execute(sa.text("DROP TABLE api_key"))
    for failing in (keys.create(KEY), keys.find(KEY.id), keys.find_all(), keys.revoke(KEY.id, NOON)):
        with pytest.raises(StorageError) as caught:
            await failing
        assert KEY.secret_hash not in str(caught.value)
