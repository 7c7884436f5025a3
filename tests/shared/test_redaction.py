"""What opens something is taken out of a line, and what a person needs to read stays."""

from __future__ import annotations

import time

import pytest

from shared.redaction import LONGEST, redacted

CANARY = "c4n4ryC4N4RYc4n4ryC4N4RY"


@pytest.mark.parametrize(
    "line",
    [
        f"< Authorization: Bearer {CANARY}",
        f"('Authorization', 'Bearer {CANARY}')",
        f'{{"authorization": "Basic {CANARY}"}}',
        f"< X-API-Key: {CANARY}",
        f"x-goog-api-key: {CANARY}",
        f"Cookie: a=b; session={CANARY}",
        f"Set-Cookie: session={CANARY}; HttpOnly",
        f"GET /acp?token={CANARY} HTTP/1.1",
        f"GET /acp?access_token={CANARY}&x=1",
        f"redis://ada:{CANARY}@localhost:6379/0",
        f"postgresql+asyncpg://ada:{CANARY}@db/ringback",
        f'"leaseSecret": "{CANARY}"',
        f"client_secret={CANARY}",
        f"password: {CANARY}",
        f"OPENAI_API_KEY={CANARY}",
        f"the key rbk_abcdefghij_{CANARY}{CANARY}",
        f"eyJhbGciOiJIUzI1NiJ9.{CANARY}.{CANARY}",
        f"sk-{CANARY}",
        f"AIza{CANARY}",
        f"bearer {CANARY}",
        f"AWS_SECRET_ACCESS_KEY={CANARY}",
        f"REDIS://ada:{CANARY}@localhost",
        f"postgresql://u:p/{CANARY}@h/db",
        f"ghp_{CANARY}",
        f'password: "correct horse {CANARY}"',
        f'password=\\"{CANARY}\\"',
        f"(b'X-API-Key', b'{CANARY}')",
    ],
)
def test_a_credential_is_taken_out(line: str) -> None:
    assert CANARY not in redacted(line)
    assert "(secret)" in redacted(line)


@pytest.mark.parametrize(
    "line",
    [
        'connection_accepted client_identifier=0f97b860-16f3 tenant=default user=ada credential="key abcdefghij"',
        'credential="local token" address=127.0.0.1',
        "server_ready url=ws://127.0.0.1:4711/acp pid=7",
        "a JSON Web Token was refused: exp is past",
        "tokens prompt=12 completion=34",
        "http://localhost:80/acp",
        "the token in the data folder counts on this machine alone",
    ],
)
def test_what_opens_nothing_stays(line: str) -> None:
    assert redacted(line) == line


def test_the_id_of_a_key_may_be_shown() -> None:
    assert redacted(f"rbk_abcdefghij_{CANARY}") == "rbk_abcdefghij_(secret)"


@pytest.mark.parametrize(
    "hostile",
    [
        "token " + "a" * 60_000,
        "a" * 60_000 + "token",
        "authorization:" + " " * 60_000 + '"',
        "password" * 8_000,
        "://" + "a." * 30_000,
        "a." * 30_000 + "://",
        "http://" + "a:" * 30_000,
        "eyJ" * 20_000,
        "bearer " * 9_000,
        "cookie:" * 9_000,
        '"' * 60_000 + "secret=" + "'" * 60_000,
        "sk-" * 20_000,
    ],
    ids=lambda text: text[:12],
)
def test_no_text_takes_long(hostile: str) -> None:
    begun = time.process_time()
    redacted(hostile)
    assert time.process_time() - begun < 1.0


def test_what_is_very_long_is_cut() -> None:
    assert len(redacted("x" * 10**6)) <= LONGEST + 20
