"""Where a Redis is, read from its URL. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from shared.errors import UsageError
from shared.secret import Secret

SCHEMES = ("redis", "rediss", "unix")
OPTIONS = ("db", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
"""What may stand behind the question mark: the database's number, and paths of files for TLS."""
DEFAULT_PORT = 6379


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """``path`` is a Unix socket's; without one, ``host`` and ``port`` count.

    ``tls`` holds paths of files for TLS; ``None`` is no TLS.
    """

    host: str
    port: int
    path: str | None
    db: int
    username: str | None = field(repr=False)
    password: Secret | None
    tls: dict[str, str] | None


def redis_address(url: str) -> RedisAddress:
    """The address that ``url`` spells.

    ::

        redis://[user:password@]host[:port][/number]
        rediss://…                                      with TLS
        unix://[user:password@]/path[?db=number]

    Raises:
        UsageError: if it is none; the sentence shows nothing of it, since it may hold a password.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise _refused("It cannot be read") from None
    if parts.scheme not in SCHEMES or not (parts.path if parts.scheme == "unix" else host):
        raise _refused("It names no scheme or no place")
    if parts.fragment or any(name not in OPTIONS for name in options):
        raise _refused(f"After '?', only {', '.join(OPTIONS)} are known, and there is no '#'")
    is_unix = parts.scheme == "unix"
    return RedisAddress(
        host=unquote(host or ""),
        port=port or DEFAULT_PORT,
        path=unquote(parts.path) if is_unix else None,
        db=_number(options.get("db", "") if is_unix else _named_once(parts, options)),
        username=None if not parts.username else unquote(parts.username),
        password=None if not parts.password else Secret(unquote(parts.password)),
        tls={name: path for name, path in options.items() if name != "db"} if parts.scheme == "rediss" else None,
    )


def _named_once(parts: SplitResult, options: dict[str, str]) -> str:
    in_path = parts.path.strip("/")
    if in_path and "db" in options:
        raise _refused("It names the database twice")
    return in_path or options.get("db", "")


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{0,9}", text):
        raise _refused("The database is a number")
    return int(text or "0")


def _refused(why: str) -> UsageError:
    return UsageError(
        f"This is no address of a Redis: {why[0].lower()}{why[1:]}. Give redis://HOST:PORT/0, rediss://HOST:PORT/0 "
        "(with TLS) or unix:///PATH, with USER:PASSWORD@ before the place where one is needed."
    )
