"""What the server was told about JSON Web Tokens: whose they are, for whom, and how long one may live."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.core.jwt_claims import TokenRules
from server.process.options import ServerOptions
from shared.errors import UsageError


@dataclass(frozen=True, slots=True)
class JwtSettings:
    """``jwks`` is the file with the keys."""

    jwks: Path
    rules: TokenRules


def jwt_settings(options: ServerOptions) -> JwtSettings | None:
    """What was said; ``None`` if no such token opens the door.

    Raises:
        UsageError: if only a part was said.
    """
    if options.jwks is None:
        if options.jwt_issuer or options.jwt_audience:
            raise UsageError("jwt_issuer and jwt_audience are of no use without jwks, the file with the keys.")
        return None
    if not options.jwt_issuer or not options.jwt_audience:
        raise UsageError("With jwks, say jwt_issuer and jwt_audience too: a token of others must not open this server.")
    rules = TokenRules(options.jwt_issuer, options.jwt_audience, options.jwt_max_lifetime)
    return JwtSettings(options.jwks.absolute(), rules)
