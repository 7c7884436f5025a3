"""Names that a person and a tenant can have, and scopes as they are spelled."""

from __future__ import annotations

import pytest

from server.core.identity import (
    Identity,
    NameRefusedError,
    Scope,
    SpellingRefusedError,
    identity_named,
    identity_spelled,
    scopes_in,
    tenant_named,
)
from shared.ids import MAX_TENANT, MAX_USER_ID, TenantId, UserId


@pytest.mark.parametrize("name", ["", "  ", "\u00a0", "a\nb", "a\0b", "a\x1b[31m", "a\u202eb", "a\u200bb", "a\udcffb"])
def test_a_name_that_cannot_be_shown_or_stored_is_refused(name: str) -> None:
    for tenant, user_id in ((name, "ada"), ("acme", name)):
        with pytest.raises(NameRefusedError, match="printable"):
            identity_named(tenant, user_id)
    with pytest.raises(NameRefusedError, match="tenant"):
        tenant_named(name)


def test_a_name_may_be_as_long_as_it_is_kept_and_no_longer() -> None:
    assert identity_named("t" * MAX_TENANT, "u" * MAX_USER_ID).user_id == "u" * MAX_USER_ID
    with pytest.raises(NameRefusedError):
        identity_named("t" * (MAX_TENANT + 1), "u")
    with pytest.raises(NameRefusedError):
        identity_named("t", "u" * (MAX_USER_ID + 1))


def test_two_spellings_of_one_name_are_one_person() -> None:
    assert identity_named("Jose\u0301", " Jose\u0301 ") == Identity(TenantId("Jos\u00e9"), UserId("Jos\u00e9"))


@pytest.mark.parametrize(
    "name", [" ada", "ada ", "ada\u3000", "\u2003ada", "ada\u00a0", "ada\n", "Jose\u0301", "\u212b"]
)
def test_a_program_gives_names_as_they_are_kept_or_is_told_how_they_are(name: str) -> None:
    for tenant, user_id in ((name, "ada"), ("acme", name)):
        with pytest.raises(SpellingRefusedError, match="no spaces around them and are in Unicode's NFC"):
            identity_spelled(tenant, user_id)


@pytest.mark.parametrize("name", ["ada", "Ada", "a da", "Jos\u00e9", "\u5f20", "u" * MAX_USER_ID])
def test_a_name_that_is_spelled_as_it_is_kept_is_taken_from_a_program(name: str) -> None:
    assert identity_spelled(name, name) == identity_named(name, name) == Identity(TenantId(name), UserId(name))


def test_what_is_no_name_at_all_is_not_told_about_its_spelling() -> None:
    for name in ("", " ", "a\nb", "u" * 65):
        with pytest.raises(NameRefusedError, match="1 to 64 printable"):
            identity_spelled("acme", name)


@pytest.mark.parametrize(
    ("words", "scopes"),
    [
        ("chat", {Scope.CHAT}),
        ("act-as chat", {Scope.CHAT, Scope.ACT_AS}),
        ("openid  metrics email", {Scope.METRICS}),
        ("", set()),
        ("CHAT chat,act-as chat\tmetrics", set()),
    ],
)
def test_of_words_those_that_are_scopes_count(words: str, scopes: set[Scope]) -> None:
    assert scopes_in(words) == scopes
