"""The keys that JSON Web Tokens are signed with, read from a JWKS (RFC 7517). What is weak or doubtful is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeGuard

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, HMACAlgorithm, RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from shared.errors import StartError

Algorithm: TypeAlias = Literal["HS256", "RS256", "ES256"]
KeyMaterial: TypeAlias = bytes | RSAPublicKey | EllipticCurvePublicKey

MIN_SECRET = 32
"""Shortest secret in bytes: as long as the hash that it is used with (RFC 7518, 3.2)."""

MIN_MODULUS = 2048
"""Shortest RSA key in bits (RFC 7518, 3.3)."""

MIN_EXPONENT = 65537
MAX_KEYS = 100
NUMBERS = ("k", "n", "e", "x", "y")
NUMBER = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
PRIVATE_PARTS = ("d", "p", "q", "dp", "dq", "qi", "oth")


class KeysRefusedError(StartError):
    """The keys cannot be used; the sentence names the one, and never quotes it."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A key with the one algorithm that it is for."""

    kid: str | None
    algorithm: Algorithm
    material: KeyMaterial = field(repr=False)


def read_keys(text: bytes) -> tuple[VerifyingKey, ...]:
    """The keys of a JWKS; those for encryption are left out.

    Raises:
        KeysRefusedError: if it is none, or a key in it is weak, private, unknown or named twice.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise KeysRefusedError("is no JSON") from None
    entries = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_KEYS:
        raise KeysRefusedError(f'is no {{"keys": [...]}} with 1 to {MAX_KEYS} keys')
    keys = tuple(_key(number, entry) for number, entry in enumerate(entries, 1) if not _is_for_encryption(entry))
    if not keys:
        raise KeysRefusedError("holds no key for signatures")
    kids = [key.kid for key in keys if key.kid is not None]
    if len(set(kids)) != len(kids):
        raise KeysRefusedError("has two keys of the same kid")
    return keys


def _is_for_encryption(entry: object) -> bool:
    return isinstance(entry, dict) and entry.get("use") == "enc"


def _key(number: int, entry: object) -> VerifyingKey:
    kid = entry.get("kid") if isinstance(entry, dict) else None
    if not _is_jwk(entry) or not (kid is None or isinstance(kid, str)):
        raise KeysRefusedError(f"has no usable key at place {number}")
    name = f"has a key (number {number})"
    algorithm, read = _KINDS.get(entry["kty"], (None, None))
    if algorithm is None or read is None:
        raise KeysRefusedError(f"{name} of another kind than oct, RSA and EC")
    if entry.get("alg", algorithm) != algorithm or entry.get("use", "sig") != "sig":
        raise KeysRefusedError(f"{name} for something else than {algorithm}")
    # The library skips what is no base64url, and would read another key than was meant.
    if not all(isinstance(entry[part], str) and NUMBER.fullmatch(entry[part]) for part in NUMBERS if part in entry):
        raise KeysRefusedError(f"{name} that is not in base64url")
    try:
        return VerifyingKey(kid, algorithm, read(entry))
    except KeysRefusedError as error:
        raise KeysRefusedError(f"{name} {error}") from None
    except (InvalidKeyError, ValueError, TypeError, KeyError, AttributeError):
        # What the libraries raise may hold a part of the key.
        raise KeysRefusedError(f"{name} that cannot be read") from None


def _is_jwk(entry: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(entry, dict) and isinstance(entry.get("kty"), str)


def _secret(jwk: Mapping[str, Any]) -> bytes:
    secret = HMACAlgorithm.from_jwk(dict(jwk))
    if len(secret) < MIN_SECRET:
        raise KeysRefusedError(f"shorter than {MIN_SECRET} bytes")
    # Refuses somebody's public key in the place of a secret.
    return HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)


def _rsa(jwk: Mapping[str, Any]) -> RSAPublicKey:
    key = RSAAlgorithm.from_jwk(_public(jwk))
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_MODULUS or key.public_numbers().e < MIN_EXPONENT:
        raise KeysRefusedError(f"shorter than {MIN_MODULUS} bits, or with an exponent below {MIN_EXPONENT}")
    return key


def _ec(jwk: Mapping[str, Any]) -> EllipticCurvePublicKey:
    key = ECAlgorithm.from_jwk(_public(jwk))
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise KeysRefusedError("on another curve than P-256")
    return key


def _public(jwk: Mapping[str, Any]) -> dict[str, Any]:
    if any(part in jwk for part in PRIVATE_PARTS):
        raise KeysRefusedError("with its private part, which has no business here: whoever reads it can make tokens")
    return dict(jwk)


_KINDS: Mapping[str, tuple[Algorithm, Callable[[Mapping[str, Any]], KeyMaterial]]] = {
    "oct": ("HS256", _secret),
    "RSA": ("RS256", _rsa),
    "EC": ("ES256", _ec),
}
