"""Checks JSON Web Tokens: the signature here, the claims in ``server.core.jwt_claims``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError

from server.core.identity import Admission
from server.core.jwt_claims import TokenRefusedError, TokenRules, claims_admission, read_claims
from server.gateway.jwks import VerifyingKey
from server.gateway.key_file import KeyFile
from server.process.jwt_settings import JwtSettings
from shared.json_types import JsonValue

FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
TYPES = ("jwt", "at+jwt")
"""What a token may call itself: not one that was made for logging out, or to prove who has a key."""


def _now() -> datetime:
    return datetime.now(UTC)


class JwtCheck:
    """Satisfies ``server.gateway.authenticator.TokenCheck``."""

    def __init__(self, keys: KeyFile, rules: TokenRules, *, now: Callable[[], datetime] = _now) -> None:
        self._keys = keys
        self._rules = rules
        self._now = now
        self._jws = PyJWS(algorithms=["HS256", "RS256", "ES256"])

    def admission(self, token: str) -> Admission:
        """What the token grants now.

        Raises:
            TokenRefusedError: if it opens nothing.
        """
        # Nothing in the token chooses how it is checked: its kid finds a key, and that has one algorithm.
        if not FORM.fullmatch(token):
            raise TokenRefusedError("it does not have the form of a token")
        try:
            key = _fitting(self._keys.current(), self._jws.get_unverified_header(token))
            payload = self._jws.decode(token, key.material, algorithms=[key.algorithm])
        except (PyJWTError, RecursionError) as error:
            raise TokenRefusedError(f"its signature cannot be checked or is wrong ({type(error).__name__})") from None
        return claims_admission(read_claims(payload), self._rules, self._now())


def jwt_check(settings: JwtSettings) -> JwtCheck:
    """The check that the settings ask for.

    Raises:
        KeysRefusedError: if the file with the keys cannot be used.
    """
    return JwtCheck(KeyFile(settings.jwks), settings.rules)


def _fitting(keys: tuple[VerifyingKey, ...], header: dict[str, JsonValue]) -> VerifyingKey:
    kind = header.get("typ", TYPES[0])
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise TokenRefusedError("its typ is another kind of token")
    if "crit" in header or "b64" in header:
        raise TokenRefusedError("it demands an extension")
    algorithm, kid = header.get("alg"), header.get("kid")
    fitting = [key for key in keys if key.algorithm == algorithm and kid in (None, key.kid)]
    if len(fitting) != 1:
        raise TokenRefusedError(f"{len(fitting)} keys fit it, instead of one")
    return fitting[0]
