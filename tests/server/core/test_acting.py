"""Who may be whom."""

from __future__ import annotations

import pytest

from server.core.acting import UnknownTenantError, acting_identity, check_tenant, person_named
from server.core.identity import Admission, Identity, Scope, identity_named
from shared.errors import BadRequestError, NotPermittedError
from shared.ids import TenantId
from shared.json_types import JsonValue

OWN = identity_named("acme", "gateway")
ANY: frozenset[TenantId] = frozenset()
LISTED = frozenset({TenantId("acme"), TenantId("beta")})


def holding(*scopes: Scope) -> Admission:
    return Admission(OWN, frozenset(scopes), "key abc")


GATEWAY = holding(Scope.CHAT, Scope.ACT_AS)
PERSON = holding(Scope.CHAT)


@pytest.mark.parametrize(
    ("asked", "person"),
    [
        (None, OWN),
        ({"tenant": "beta", "userId": "ada"}, identity_named("beta", "ada")),
        ({"userId": "ada"}, identity_named("acme", "ada")),
        ({"tenant": "acme", "userId": "gateway"}, OWN),
        ({"userId": "Jos\u00e9"}, identity_named("acme", "Jos\u00e9")),
        ({"tenant": "beta", "userId": "a da"}, identity_named("beta", "a da")),
    ],
)
def test_a_gateway_acts_as_whom_it_names(asked: JsonValue, person: Identity) -> None:
    assert acting_identity(GATEWAY, asked, ANY) == person
    assert acting_identity(GATEWAY, asked, LISTED) == person


def test_without_the_scope_one_names_oneself_or_nobody() -> None:
    assert acting_identity(PERSON, None, ANY) == OWN
    assert acting_identity(PERSON, {"tenant": "acme", "userId": "gateway"}, ANY) == OWN
    for asked in ({"userId": "ada"}, {"tenant": "beta", "userId": "gateway"}, {"tenant": "acme", "userId": "Gateway"}):
        with pytest.raises(NotPermittedError, match="act-as") as caught:
            acting_identity(PERSON, asked, ANY)  # type: ignore[arg-type]
        assert caught.value.code == -32016


@pytest.mark.parametrize(
    "asked",
    [
        {},
        [],
        "ada",
        7,
        True,
        {"tenant": "beta"},
        {"userId": None},
        {"userId": 7},
        {"userId": ["ada"]},
        {"tenant": None, "userId": "ada"},
        {"tenant": 7, "userId": "ada"},
        {"user_id": "ada"},
        {"userId": "ada", "tenantId": "beta"},
        {"userId": ""},
        {"userId": "a\nb"},
        {"userId": "u" * 65},
        {"tenant": "", "userId": "ada"},
        {"tenant": "t" * 65, "userId": "ada"},
    ],
)
def test_what_names_nobody_is_a_bad_request(asked: JsonValue) -> None:
    for admission in (GATEWAY, PERSON):
        with pytest.raises(BadRequestError):
            acting_identity(admission, asked, ANY)


@pytest.mark.parametrize("name", [" gateway", "gateway ", "gateway\u3000", "\u2003gateway", "Jose\u0301"])
def test_two_people_of_a_gateway_never_become_one_by_their_spelling(name: str) -> None:
    for asked in ({"userId": name}, {"tenant": "acme", "userId": name}, {"tenant": name, "userId": "gateway"}):
        for admission in (GATEWAY, PERSON):
            with pytest.raises(BadRequestError, match=r"spaces around them .* NFC\. .* send that\.$"):
                acting_identity(admission, asked, ANY)  # type: ignore[arg-type]
    with pytest.raises(BadRequestError, match="NFC"):
        person_named(GATEWAY, name, None, ANY)


def test_a_tenant_that_is_not_on_the_list_is_nobodys() -> None:
    for asked in ({"tenant": "other", "userId": "ada"}, {"tenant": "ACME", "userId": "gateway"}):
        with pytest.raises(UnknownTenantError, match=r"^There is no tenant of that name here\.$"):
            acting_identity(GATEWAY, asked, LISTED)  # type: ignore[arg-type]
        with pytest.raises(NotPermittedError):
            acting_identity(PERSON, asked, LISTED)  # type: ignore[arg-type]


def test_without_the_scope_chat_only_a_gateway_that_names_somebody_may_chat() -> None:
    only_acting, only_metrics = holding(Scope.ACT_AS), holding(Scope.METRICS)
    assert acting_identity(only_acting, {"userId": "ada"}, ANY) == identity_named("acme", "ada")
    own: JsonValue = {"tenant": "acme", "userId": "gateway"}
    for admission, asked in ((only_acting, None), (only_metrics, None), (only_metrics, own), (holding(), None)):
        with pytest.raises(NotPermittedError, match="may not chat"):
            acting_identity(admission, asked, ANY)


def test_what_is_left_out_is_the_credentials_own() -> None:
    assert person_named(GATEWAY, None, None, ANY) == OWN
    assert person_named(GATEWAY, "beta", None, ANY) == identity_named("beta", "gateway")
    assert person_named(GATEWAY, None, "ada", ANY) == identity_named("acme", "ada")


def test_no_list_of_tenants_is_any_tenant() -> None:
    check_tenant(TenantId("whatever"), ANY)
    check_tenant(TenantId("beta"), LISTED)
    with pytest.raises(UnknownTenantError):
        check_tenant(TenantId("Beta"), LISTED)
