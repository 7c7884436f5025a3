"""An issuer of JSON Web Tokens that signs whatever it is told, right or wrong."""

from __future__ import annotations

import base64
import functools
import json
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, HMACAlgorithm, RSAAlgorithm, RSAPSSAlgorithm

ISSUER = "https://issuer.example"
AUDIENCE = "ringback"
SECRET = bytes(range(100, 164))
ALGORITHMS = ("HS256", "RS256", "ES256")

SIGNERS: dict[str, Any] = {
    "HS256": HMACAlgorithm(HMACAlgorithm.SHA256),
    "HS384": HMACAlgorithm(HMACAlgorithm.SHA384),
    "HS512": HMACAlgorithm(HMACAlgorithm.SHA512),
    "RS256": RSAAlgorithm(RSAAlgorithm.SHA256),
    "RS512": RSAAlgorithm(RSAAlgorithm.SHA512),
    "PS256": RSAPSSAlgorithm(RSAPSSAlgorithm.SHA256),
    "ES256": ECAlgorithm(ECAlgorithm.SHA256),
    "ES384": ECAlgorithm(ECAlgorithm.SHA384),
}


@functools.cache
def rsa_key(bits: int = 2048, exponent: int = 65537) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=exponent, key_size=bits)


@functools.cache
def ec_key(name: str = "P-256") -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key({"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}[name])


def signing_key(algorithm: str) -> Any:
    return {"HS": SECRET, "RS": rsa_key(), "PS": rsa_key(), "ES": ec_key()}[algorithm[:2]]


def jwk(algorithm: str, **more: Any) -> dict[str, Any]:
    """The public half of :func:`signing_key`, or the secret, as a JWK."""
    key = signing_key(algorithm)
    found = SIGNERS[algorithm].to_jwk(key if isinstance(key, bytes) else key.public_key(), as_dict=True)
    return {**{name: value for name, value in found.items() if name != "key_ops"}, **more}


def written(file: Path, *keys: Any, mode: int = 0o600) -> Path:
    """A JWKS of these keys."""
    file.write_text(json.dumps({"keys": keys}), encoding="utf-8")
    file.chmod(mode)
    return file


def claims(now: float | None = None, **changed: Any) -> dict[str, Any]:
    """Right claims for an hour, with changes; ``...`` takes one away."""
    made = int(time.time() if now is None else now)
    right = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "jti": "token-1",
        "iat": made,
        "exp": made + 3600,
        **changed,
    }
    return {name: value for name, value in right.items() if value is not ...}


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def token(
    said: dict[str, Any] | bytes, algorithm: str = "HS256", *, key: Any = None, header: dict[str, Any] | None = None
) -> str:
    """A token of these claims (or of this payload), signed; ``header`` changes what it says of itself."""
    told = {"alg": algorithm, "typ": "JWT", **(header or {})}
    told = {name: value for name, value in told.items() if value is not ...}
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    signed = f"{b64(json.dumps(told).encode())}.{b64(payload)}"
    signature = SIGNERS[algorithm].sign(signed.encode(), signing_key(algorithm) if key is None else key)
    return f"{signed}.{b64(signature)}"
