"""Which keys may sign tokens, and which stop the server from starting."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from server.gateway.jwks import KeysRefusedError, VerifyingKey, read_keys
from tests.server.gateway.issuer_for_tests import ALGORITHMS, SECRET, SIGNERS, b64, ec_key, jwk, rsa_key

PEM = rsa_key().public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)  # fmt: skip


def read(*keys: Any) -> tuple[VerifyingKey, ...]:
    return read_keys(json.dumps({"keys": keys}).encode())


def rsa_jwk(bits: int = 2048, exponent: int = 65537, *, private: bool = False) -> dict[str, Any]:
    key = rsa_key(bits, exponent)
    found: dict[str, Any] = SIGNERS["RS256"].to_jwk(key if private else key.public_key(), as_dict=True)
    return {name: value for name, value in found.items() if name != "key_ops"}


def ec_jwk(curve: str = "P-256", *, private: bool = False) -> dict[str, Any]:
    key = ec_key(curve)
    signer = SIGNERS["ES256" if curve == "P-256" else "ES384"]
    found: dict[str, Any] = signer.to_jwk(key if private else key.public_key(), as_dict=True)
    return {name: value for name, value in found.items() if name != "key_ops"}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_has_the_one_algorithm_of_its_kind(algorithm: str) -> None:
    (plain,) = read(jwk(algorithm))
    (told,) = read(jwk(algorithm, kid="k", alg=algorithm, use="sig", key_ops=["verify"], x5t="ignored"))
    assert (plain.algorithm, plain.kid) == (algorithm, None)
    assert (told.algorithm, told.kid) == (algorithm, "k")


def test_the_shortest_keys_that_are_long_enough() -> None:
    (secret,) = read({"kty": "oct", "k": b64(SECRET[:32])})
    assert secret.material == SECRET[:32]
    assert read(rsa_jwk(2048))


def test_keys_for_encryption_are_somebody_elses_business() -> None:
    others = {"kty": "RSA", "use": "enc", "n": "!", "alg": "RSA-OAEP"}
    assert [key.kid for key in read(jwk("RS256", kid="sign"), others)] == ["sign"]
    with pytest.raises(KeysRefusedError, match="no key for signatures"):
        read(others)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ({"kty": "oct", "k": b64(SECRET[:31])}, "shorter than 32 bytes"),
        ({"kty": "oct", "k": ""}, "base64url"),
        ({"kty": "oct"}, "cannot be read"),
        ({"kty": "oct", "k": 7}, "base64url"),
        ({"kty": "oct", "k": "not base64url at all, but long enough to be a secret!"}, "base64url"),
        ({"kty": "oct", "k": base64.b64encode(b"\xfb\xff" * 20).decode()}, "base64url"),
        ({"kty": "oct", "k": b64(PEM)}, "cannot be read"),
        (rsa_jwk(1024), "2048 bits"),
        (rsa_jwk(2048, exponent=3), "exponent below 65537"),
        ({**rsa_jwk(), "e": b64((65538).to_bytes(3, "big"))}, "cannot be read"),
        ({"kty": "RSA", "e": "AQAB"}, "cannot be read"),
        (rsa_jwk(private=True), "private part"),
        ({**rsa_jwk(), "d": "AQAB"}, "private part"),
        ({**rsa_jwk(), "p": "AQAB"}, "private part"),
        (ec_jwk(private=True), "private part"),
        (ec_jwk("P-384"), "curve"),
        ({**ec_jwk("P-384"), "crv": "P-256"}, "cannot be read"),
        ({**ec_jwk(), "x": b64(b"\1" * 32)}, "cannot be read"),
        ({"kty": "EC", "crv": "P-256", "x": ec_jwk()["x"]}, "cannot be read"),
        ({"kty": "OKP", "crv": "Ed25519", "x": b64(b"\1" * 32)}, "another kind"),
        ({"kty": "rsa"}, "another kind"),
        ({"kty": 7}, "no usable key at place 1"),
        ({"k": b64(SECRET)}, "no usable key at place 1"),
        ("a key", "no usable key at place 1"),
        (None, "no usable key at place 1"),
        (jwk("HS256", kid=7), "no usable key at place 1"),
        (jwk("HS256", alg="HS512"), "something else than HS256"),
        (jwk("RS256", alg="RS512"), "something else than RS256"),
        (jwk("RS256", alg="HS256"), "something else than RS256"),
        (jwk("RS256", alg="none"), "something else than RS256"),
        (jwk("ES256", use="other"), "something else than ES256"),
    ],
)
def test_a_weak_private_or_doubtful_key_is_refused(key: Any, reason: str) -> None:
    with pytest.raises(KeysRefusedError, match=reason):
        read(key)
    with pytest.raises(KeysRefusedError):
        read(jwk("HS256", kid="right"), key)


def test_two_keys_of_one_name_are_refused_and_two_without_a_name_are_not() -> None:
    with pytest.raises(KeysRefusedError, match="same kid"):
        read(jwk("HS256", kid="k"), jwk("RS256", kid="k"))
    assert len(read(jwk("HS256"), jwk("RS256"))) == 2


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        b"\xff",
        b"[" * 100_000,
        PEM,
        json.dumps({"keys": [jwk("HS256")] * 101}).encode(),
        json.dumps(jwk("HS256")).encode(),
    ],
    ids=lambda text: repr(text[:10]),
)
def test_what_is_no_list_of_keys_is_refused(text: bytes) -> None:
    with pytest.raises(KeysRefusedError):
        read_keys(text)


def test_neither_a_refusal_nor_a_key_shows_what_is_secret() -> None:
    shown = [repr(read(jwk("HS256"))[0])]
    for key in ({"kty": "oct", "k": "canary"}, {"kty": "canary", "k": "x"}, {**rsa_jwk(), "n": "canary!"}):
        with pytest.raises(KeysRefusedError) as caught:
            read(key)
        shown.append(str(caught.value))
    assert "canary" not in " ".join(shown)
    assert b64(SECRET) not in " ".join(shown)
    assert repr(SECRET) not in " ".join(shown)
