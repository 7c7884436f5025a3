"""How keys are listed."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

from server.core.api_key import ApiKey, KeyId
from server.core.identity import Scope, identity_named
from server.core.key_listing import as_json, as_table, key_state

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = ApiKey(
    id=KeyId("aaaaaaaaaa"),
    identity=identity_named("acme", "ada"),
    secret_hash="canary",
    scopes=frozenset({Scope.CHAT, Scope.ACT_AS}),
    label="my phone",
    created_at=NOW,
    expires_at=NOW + timedelta(days=1),
)
ENDLESS = dataclasses.replace(KEY, id=KeyId("bbbbbbbbbb"), expires_at=None, label="")


def test_a_key_is_open_until_it_ends_or_is_revoked() -> None:
    assert key_state(KEY, NOW) == "open"
    assert key_state(KEY, NOW + timedelta(days=1)) == "expired"
    assert key_state(ENDLESS, NOW + timedelta(days=99)) == "open"
    assert key_state(dataclasses.replace(KEY, revoked_at=NOW), NOW + timedelta(days=2)) == "revoked"


def test_a_program_gets_every_field_but_the_hash() -> None:
    assert as_json([KEY, ENDLESS], NOW) == [
        {
            "id": "aaaaaaaaaa",
            "tenant": "acme",
            "user": "ada",
            "scopes": ["act-as", "chat"],
            "label": "my phone",
            "created_at": "2026-11-21T12:00:00+00:00",
            "expires_at": "2026-11-22T12:00:00+00:00",
            "revoked_at": None,
            "state": "open",
        },
        {
            "id": "bbbbbbbbbb",
            "tenant": "acme",
            "user": "ada",
            "scopes": ["act-as", "chat"],
            "label": "",
            "created_at": "2026-11-21T12:00:00+00:00",
            "expires_at": None,
            "revoked_at": None,
            "state": "open",
        },
    ]
    assert as_json([dataclasses.replace(KEY, revoked_at=NOW)], NOW)[0]["revoked_at"] == "2026-11-21T12:00:00+00:00"


def test_a_person_gets_a_line_for_each_key() -> None:
    table = as_table([KEY, ENDLESS], NOW)
    assert table.splitlines() == [
        "ID          USER  TENANT  SCOPES       MADE        ENDS        STATE  LABEL",
        "aaaaaaaaaa  ada   acme    act-as chat  2026-11-21  2026-11-22  open   my phone",
        "bbbbbbbbbb  ada   acme    act-as chat  2026-11-21  never       open",
    ]
    assert "canary" not in table
    assert as_table([], NOW).startswith("ID  USER")
