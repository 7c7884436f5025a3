"""Tokens with real signatures: the right ones of each algorithm, and the long row of wrong ones."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from server.core.identity import Admission, Scope, identity_named
from server.core.jwt_claims import TokenRefusedError, TokenRules
from server.gateway.jwks import KeysRefusedError
from server.gateway.jwt_check import JwtCheck, jwt_check
from server.gateway.key_file import KeyFile
from server.process.jwt_settings import JwtSettings
from tests.server.gateway.issuer_for_tests import (
    ALGORITHMS,
    AUDIENCE,
    ISSUER,
    SECRET,
    b64,
    claims,
    ec_key,
    jwk,
    rsa_key,
    token,
    written,
)

NOW = 1_800_000_000
RULES = TokenRules(ISSUER, AUDIENCE, 86_400)
KEYS = ("hs", "HS256"), ("rs", "RS256"), ("es", "ES256")


def checking(file: Path, rules: TokenRules = RULES) -> JwtCheck:
    return JwtCheck(KeyFile(file), rules, now=lambda: datetime.fromtimestamp(NOW, UTC))


@pytest.fixture
def check(tmp_path: Path) -> JwtCheck:
    """Knows one named key of each algorithm."""
    return checking(written(tmp_path / "keys.json", *(jwk(algorithm, kid=kid) for kid, algorithm in KEYS)))


def opens(check: JwtCheck, text: str) -> None:
    assert check.admission(text).identity == identity_named("default", "ada")


def right(**changed: Any) -> dict[str, Any]:
    return claims(NOW, **changed)


@pytest.mark.parametrize(("kid", "algorithm"), KEYS)
@pytest.mark.parametrize(
    "header", [{}, {"typ": ...}, {"typ": "jwt"}, {"typ": "at+jwt"}, {"kid": ...}, {"jku": "https://x"}]
)
def test_a_right_token_opens(check: JwtCheck, kid: str, algorithm: str, header: dict[str, Any]) -> None:
    admission = check.admission(token(right(tenant="acme"), algorithm, header={"kid": kid, **header}))
    assert admission == Admission(
        identity_named("acme", "ada"),
        frozenset({Scope.CHAT}),
        "jwt token-1",
        datetime.fromtimestamp(NOW + 3630, UTC),
    )


def b64_json(value: Any) -> str:
    return b64(json.dumps(value).encode())


def unsigned(algorithm: str, signature: str = "") -> str:
    return f"{b64_json({'alg': algorithm, 'typ': 'JWT', 'kid': 'rs'})}.{b64_json(right())}.{signature}"


def signed_with_the_public_key(form: serialization.Encoding) -> str:
    """The oldest trick: RS256's public key taken for HS256's secret."""
    public = rsa_key().public_key().public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = f"{b64_json({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rs'})}.{b64_json(right())}"
    return f"{signed}.{b64(hmac.digest(public, signed.encode(), hashlib.sha256))}"


def broken(text: str, place: int) -> str:
    """The token with another letter at that place."""
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


def with_claims_of_another(text: str, other: str) -> str:
    head, _, signature = text.split(".")
    return ".".join((head, other.split(".")[1], signature))


RIGHT = token(right(), "HS256", header={"kid": "hs"})

BAD: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "a word": lambda: "token",
    "two parts": lambda: RIGHT.rsplit(".", 1)[0],
    "four parts": lambda: f"{RIGHT}.{b64(b'x')}",
    "an empty signature": lambda: RIGHT.rsplit(".", 1)[0] + ".",
    "an empty payload": lambda: ".".join((RIGHT.split(".")[0], "", RIGHT.split(".")[2])),
    "a space": lambda: f"{RIGHT} ",
    "a line break": lambda: f"{RIGHT}\n",
    "padding": lambda: f"{RIGHT}=",
    "no base64url": lambda: f"{RIGHT[:-1]}+",
    "a letter beyond ASCII": lambda: f"{RIGHT[:-1]}\u0661",
    "half of a surrogate pair": lambda: f"{RIGHT[:-1]}\udcff",
    "a header that is no JSON": lambda: ".".join((b64(b"{"), *RIGHT.split(".")[1:])),
    "a header that is a list": lambda: ".".join((b64_json(["HS256"]), *RIGHT.split(".")[1:])),
    "a header of a hundred thousand brackets": lambda: ".".join((b64(b"[" * 100_000), *RIGHT.split(".")[1:])),
    "a payload that is a list": lambda: token(b"[]", header={"kid": "hs"}),
    "a payload that is no JSON": lambda: token(b"\xff\xfe", header={"kid": "hs"}),
    "a payload that says things twice": lambda: token(
        json.dumps(right()).encode()[:-1] + b', "sub": "bob"}', header={"kid": "hs"}
    ),
    "alg none": lambda: unsigned("none"),
    "alg none with a signature": lambda: unsigned("none", b64(b"signature")),
    "alg NONE": lambda: unsigned("NONE", b64(b"signature")),
    "no alg": lambda: token(right(), header={"kid": "hs", "alg": ...}),
    "alg null": lambda: token(right(), header={"kid": "hs", "alg": None}),
    "alg as a list": lambda: token(right(), header={"kid": "hs", "alg": ["HS256"]}),
    "alg in small letters": lambda: token(right(), header={"kid": "hs", "alg": "hs256"}),
    "HS384": lambda: token(right(), "HS384", header={"kid": "hs"}),
    "HS512": lambda: token(right(), "HS512", header={"kid": "hs"}),
    "RS512": lambda: token(right(), "RS512", header={"kid": "rs"}),
    "PS256": lambda: token(right(), "PS256", header={"kid": "rs"}),
    "ES384": lambda: token(right(), "ES384", key=ec_key("P-384"), header={"kid": "es"}),
    "the public key as a secret, as text": lambda: signed_with_the_public_key(serialization.Encoding.PEM),
    "the public key as a secret, as bytes": lambda: signed_with_the_public_key(serialization.Encoding.DER),
    "the kid of another kind of key": lambda: token(right(), "HS256", header={"kid": "rs"}),
    "an unknown kid": lambda: token(right(), header={"kid": "other"}),
    "a kid that is a number": lambda: token(right(), header={"kid": 1}),
    "a kid that is a path": lambda: token(right(), header={"kid": "../../dev/null"}),
    "a key of its own": lambda: token(right(), key=b"k" * 32, header={"kid": "own", "jwk": jwk("HS256", kid="own")}),
    "a critical extension": lambda: token(right(), header={"kid": "hs", "crit": ["exp"]}),
    "an unencoded payload": lambda: token(right(), header={"kid": "hs", "b64": True}),
    "a token to log out": lambda: token(right(), header={"kid": "hs", "typ": "logout+jwt"}),
    "a typ that is no text": lambda: token(right(), header={"kid": "hs", "typ": 1}),
    "another secret": lambda: token(right(), key=SECRET[::-1], header={"kid": "hs"}),
    "another RSA key": lambda: token(right(), "RS256", key=rsa_key(2056), header={"kid": "rs"}),
    "a broken signature": lambda: broken(RIGHT, -5),
    "a broken payload": lambda: broken(RIGHT, len(RIGHT.split(".")[0]) + 10),
    "the claims of another token": lambda: with_claims_of_another(RIGHT, token(right(sub="root"))),
    "an issuer that is another": lambda: token(right(iss="https://evil.example"), header={"kid": "hs"}),
    "an audience that is another": lambda: token(right(aud="other"), header={"kid": "hs"}),
    "no exp": lambda: token(right(exp=...), header={"kid": "hs"}),
    "no iat": lambda: token(right(iat=...), header={"kid": "hs"}),
    "no sub": lambda: token(right(sub=...), header={"kid": "hs"}),
    "no iss": lambda: token(right(iss=...), header={"kid": "hs"}),
    "no aud": lambda: token(right(aud=...), header={"kid": "hs"}),
    "no jti": lambda: token(right(jti=...), header={"kid": "hs"}),
    "exp 9e99": lambda: token(right(exp=9e99), header={"kid": "hs"}),
    "exp NaN": lambda: token(right(exp=float("nan")), header={"kid": "hs"}),
    "exp Infinity": lambda: token(right(exp=float("inf")), header={"kid": "hs"}),
    "exp true": lambda: token(right(exp=True), header={"kid": "hs"}),
    "exp negative": lambda: token(right(exp=-1), header={"kid": "hs"}),
    "exp as text": lambda: token(right(exp=str(NOW + 60)), header={"kid": "hs"}),
    "exp past": lambda: token(claims(NOW - 7200), header={"kid": "hs"}),
    "a life of a week": lambda: token(right(exp=NOW + 7 * 86_400), header={"kid": "hs"}),
    "made long ago for long": lambda: token(right(iat=NOW - 86_400), header={"kid": "hs"}),
    "iat to come": lambda: token(claims(NOW + 60), header={"kid": "hs"}),
    "nbf to come": lambda: token(right(nbf=NOW + 60), header={"kid": "hs"}),
    "a tenant that is none": lambda: token(right(tenant="a\nb"), header={"kid": "hs"}),
    "a scope that is a list": lambda: token(right(scope=["chat"]), header={"kid": "hs"}),
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_token_opens_nothing(check: JwtCheck, name: str) -> None:
    with pytest.raises(TokenRefusedError) as caught:
        check.admission(BAD[name]())
    assert caught.value.__cause__ is None


def test_the_row_of_wrong_tokens_is_long_and_a_right_one_stands_beside_it(check: JwtCheck) -> None:
    assert len(BAD) > 60
    opens(check, RIGHT)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_of_the_right_kind_by_another_key_opens_nothing(tmp_path: Path, algorithm: str) -> None:
    check = checking(written(tmp_path / "keys.json", jwk(algorithm)))
    opens(check, token(right(), algorithm))
    others = {"HS256": b"o" * 64, "RS256": rsa_key(2056), "ES256": ec.generate_private_key(ec.SECP256R1())}
    with pytest.raises(TokenRefusedError):
        check.admission(token(right(), algorithm, key=others[algorithm]))


def test_without_a_kid_the_key_must_be_the_only_one_that_fits(tmp_path: Path) -> None:
    one = checking(written(tmp_path / "one.json", jwk("HS256", kid="a"), jwk("RS256", kid="b")))
    opens(one, token(right(), "HS256"))
    second = {"kty": "oct", "k": b64(b"2" * 32), "kid": "c"}
    two = checking(written(tmp_path / "two.json", jwk("HS256", kid="a"), second))
    with pytest.raises(TokenRefusedError, match="2 keys fit"):
        two.admission(token(right(), "HS256"))
    opens(two, token(right(), "HS256", header={"kid": "a"}))
    opens(two, token(right(), "HS256", key=b"2" * 32, header={"kid": "c"}))
    with pytest.raises(TokenRefusedError):
        two.admission(token(right(), "HS256", header={"kid": "c"}))


def test_a_key_without_a_name_is_not_found_by_one(tmp_path: Path) -> None:
    check = checking(written(tmp_path / "keys.json", jwk("HS256")))
    opens(check, token(right()))
    with pytest.raises(TokenRefusedError, match="0 keys fit"):
        check.admission(token(right(), header={"kid": "None"}))


def test_the_lifetime_is_capped_as_the_settings_say(tmp_path: Path) -> None:
    file = written(tmp_path / "keys.json", jwk("HS256"))
    with pytest.raises(TokenRefusedError, match="jwt_max_lifetime"):
        checking(file, TokenRules(ISSUER, AUDIENCE, 3599)).admission(token(right()))
    opens(checking(file, TokenRules(ISSUER, AUDIENCE, 3600)), token(right()))


def test_the_settings_make_a_check_that_goes_by_the_real_clock(tmp_path: Path) -> None:
    check = jwt_check(JwtSettings(written(tmp_path / "keys.json", jwk("ES256")), RULES))
    opens(check, token(claims(), "ES256"))
    with pytest.raises(TokenRefusedError, match="to come"):
        check.admission(token(right(), "ES256"))
    with pytest.raises(KeysRefusedError):
        jwt_check(JwtSettings(tmp_path / "absent.json", RULES))


def test_no_refusal_repeats_the_token(check: JwtCheck) -> None:
    for make in BAD.values():
        text = make()
        with pytest.raises(TokenRefusedError) as caught:
            check.admission(text)
        assert not any(part in str(caught.value) for part in text.split(".") if len(part) > 8)
