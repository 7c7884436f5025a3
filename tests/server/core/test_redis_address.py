"""Where a Redis is, as people spell it; and what is no such place, without a word of the password."""

from __future__ import annotations

import pytest

from server.core.redis_address import RedisAddress, redis_address
from shared.errors import UsageError
from shared.secret import Secret


def address(
    host: str = "localhost",
    port: int = 6379,
    *,
    path: str | None = None,
    db: int = 0,
    username: str | None = None,
    password: str | None = None,
    tls: dict[str, str] | None = None,
) -> RedisAddress:
    return RedisAddress(host, port, path, db, username, None if password is None else Secret(password), tls)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://localhost", address()),
        (" redis://localhost/ ", address()),
        ("REDIS://Example.org:1234/15", address("example.org", 1234, db=15)),
        ("redis://localhost?db=3", address(db=3)),
        ("redis://[::1]:1/0", address("::1", 1)),
        ("redis://:secret@localhost", address(password="secret")),
        ("redis://ada:p%40s%2Fs%3A%25@localhost/2", address(db=2, username="ada", password="p@s/s:%")),
        ("rediss://localhost", address(tls={})),
        ("rediss://localhost/1?ssl_ca_certs=/a%20b.pem", address(db=1, tls={"ssl_ca_certs": "/a b.pem"})),
        ("unix:///run/redis.sock", address("", path="/run/redis.sock")),
        ("unix://:secret@/a%20b.sock?db=4", address("", path="/a b.sock", db=4, password="secret")),
    ],
)
def test_an_address_is_read_as_it_is_meant(url: str, expected: RedisAddress) -> None:
    assert redis_address(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "", "redis", "redis:", "redis://", "redis:///1", "localhost:6379", "http://localhost", "redis:/localhost",
        "redis://:canary@localhost:port", "redis://:canary@localhost:99999", "redis://:canary@localhost/one",
        "redis://:canary@localhost/-1", "redis://:canary@localhost/1/2", "redis://:canary@localhost/1?db=2",
        "redis://:canary@localhost?canary=1", "redis://:canary@localhost?socket_timeout=99", "redis://:canary@[::1",
        "redis://:canary@localhost#canary", "redis://:canary@localhost?db", "redis://:canary@localhost/" + "9" * 10,
        "redis://:canary@localhost/\u0661", "unix://", "unix://:canary@", "unix:///a?db=one",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_a_sentence_that_hides_it(url: str) -> None:
    with pytest.raises(UsageError, match="no address of a Redis") as refused:
        redis_address(url)
    assert str(refused.value).endswith("one is needed.")
    assert "canary" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_password_is_not_shown_with_the_address() -> None:
    shown = repr(redis_address("redis://ada:canary@localhost"))
    assert "canary" not in shown
    assert "localhost" in shown
