"""What the claims of a token grant, and the many that grant nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from server.core.identity import Admission, Identity, Scope, identity_named
from server.core.jwt_claims import LEEWAY, TokenRefusedError, TokenRules, claims_admission, read_claims

NOW = 1_800_000_000
RULES = TokenRules("https://issuer.example", "ringback", 3600)


def granted(changed: dict[str, Any], at: float = NOW) -> Admission:
    right: dict[str, Any] = {
        "iss": RULES.issuer,
        "aud": RULES.audience,
        "sub": "ada",
        "jti": "token-1",
        "iat": NOW,
        "exp": NOW + 600,
    }
    told = {name: value for name, value in {**right, **changed}.items() if value is not ...}
    return claims_admission(told, RULES, datetime.fromtimestamp(at, UTC))


def test_a_token_stands_for_its_subject_in_the_default_tenant_and_lets_it_chat() -> None:
    assert granted({}) == Admission(
        identity_named("default", "ada"),
        frozenset({Scope.CHAT}),
        "jwt token-1",
        datetime.fromtimestamp(NOW + 600 + LEEWAY, UTC),
    )


@pytest.mark.parametrize(
    ("changed", "identity"),
    [
        ({"tenant": "acme"}, identity_named("acme", "ada")),
        ({"sub": "Jos\u00e9"}, identity_named("default", "Jos\u00e9")),
        ({"sub": "u" * 64, "tenant": "t" * 64}, identity_named("t" * 64, "u" * 64)),
    ],
)
def test_sub_and_tenant_say_who_it_is(changed: dict[str, Any], identity: Identity) -> None:
    assert granted(changed).identity == identity


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ("chat", {Scope.CHAT}),
        ("openid chat act-as", {Scope.CHAT, Scope.ACT_AS}),
        ("metrics", {Scope.METRICS}),
        ("openid", set()),
        ("", set()),
    ],
)
def test_scope_says_what_it_may_do(scope: str, scopes: set[Scope]) -> None:
    assert granted({"scope": scope}).scopes == scopes


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": ["other", "ringback"]},
        {"iat": NOW + LEEWAY, "exp": NOW + 600},
        {"nbf": NOW + LEEWAY},
        {"iat": NOW - 600, "exp": NOW - LEEWAY + 1},
        {"exp": NOW + 3600},
        {"iat": NOW + LEEWAY, "exp": NOW + 3600},
        {"jti": "j" * 128},
        {"extra": {"nested": [1.5, None]}},
    ],
)
def test_what_is_just_right_opens(changed: dict[str, Any]) -> None:
    assert granted(changed).identity == identity_named("default", "ada")


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "jti", "iat", "exp"])
@pytest.mark.parametrize("value", [..., None, True, 1.5, [], {}, ""])
def test_a_required_claim_that_is_missing_or_of_another_kind_opens_nothing(claim: str, value: Any) -> None:
    with pytest.raises(TokenRefusedError):
        granted({claim: value})


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize(
    "value",
    [0, -1, -(10**20), 9e99, 10**99, 10**11, float("inf"), float("-inf"), float("nan"), NOW + 0.5, str(NOW), True],
)
def test_a_time_that_is_no_whole_moment_of_our_age_opens_nothing(claim: str, value: Any) -> None:
    with pytest.raises(TokenRefusedError, match=f"^{claim} "):
        granted({claim: value})


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://issuer.example/"}, "issuer"),
        ({"iss": ["https://issuer.example"]}, "iss"),
        ({"aud": "Ringback"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": ["other"]}, "aud"),
        ({"aud": {"ringback": 1}}, "aud"),
        ({"iat": NOW - 600, "exp": NOW - LEEWAY}, "past"),
        ({"iat": NOW + LEEWAY + 1}, "to come"),
        ({"nbf": NOW + LEEWAY + 1}, "to come"),
        ({"iat": NOW + 20, "exp": NOW + 20}, "before iat"),
        ({"nbf": NOW + 20, "exp": NOW + 10}, "before iat"),
        ({"exp": NOW + 3601}, "longer"),
        ({"iat": NOW - 3000, "exp": NOW + 601}, "longer"),
        ({"iat": NOW + 1, "exp": NOW + 3601}, "longer"),
        ({"jti": "j" * 129}, "jti"),
        ({"jti": "a\nb"}, "jti"),
        ({"sub": "u" * 65}, "name"),
        ({"sub": "a\u202eb"}, "name"),
        ({"sub": "a\ud800b"}, "name"),
        ({"sub": " ada"}, "spaces"),
        ({"sub": "Jose\u0301"}, "NFC"),
        ({"tenant": ""}, "name"),
        ({"tenant": None}, "tenant"),
        ({"tenant": 7}, "tenant"),
        ({"tenant": "acme "}, "spaces"),
        ({"scope": None}, "scope"),
        ({"scope": ["chat"]}, "scope"),
    ],
)
def test_what_is_just_wrong_opens_nothing(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(TokenRefusedError, match=reason):
        granted(changed)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b'"ada"',
        b"null",
        b"\xff\xfe",
        b'{"exp": NaN}',
        b'{"exp": Infinity}',
        b'{"sub": "ada", "sub": "bob"}',
        b'{"deep": {"x": 1, "x": 2}}',
        b'{"exp": 1' + b"0" * 5000 + b"}",
        b"[" * 100_000,
    ],
    ids=lambda payload: repr(payload[:20]),
)
def test_a_payload_that_is_no_plain_json_object_opens_nothing(payload: bytes) -> None:
    with pytest.raises(TokenRefusedError):
        read_claims(payload)


def test_no_reason_repeats_what_the_token_says() -> None:
    for claim in ("iss", "aud", "sub", "jti", "iat", "exp", "nbf", "tenant", "scope"):
        for value in (["canary"],) if claim == "scope" else ("canary\n", ["canary"]):
            with pytest.raises(TokenRefusedError) as caught:
                granted({claim: value})
            assert "canary" not in str(caught.value)
