"""How an API key is spelled, and when it opens."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest

from server.core import api_key
from server.core.api_key import (
    ID_BYTES,
    MAX_LABEL,
    SECRET_BYTES,
    ApiKey,
    KeyRefusedError,
    checked_label,
    key_admission,
    key_id,
    key_text,
    read_key,
)
from server.core.identity import Admission, NameRefusedError, Scope, identity_named

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ADA = identity_named("acme", "ada")
SECRET = bytes(range(SECRET_BYTES))
TEXT = key_text(key_id(b"\0" * ID_BYTES), SECRET)
SHOWN = read_key(TEXT)
KEPT = ApiKey(SHOWN.id, ADA, SHOWN.secret_hash, frozenset({Scope.CHAT}), "phone", NOW, NOW + timedelta(days=1))


def test_a_key_is_spelled_as_its_id_and_a_secret_of_32_bytes() -> None:
    assert re.fullmatch(r"rbk_[a-z2-7]{10}_[A-Za-z0-9_-]{43}", TEXT)
    assert SHOWN.id == key_id(b"\0" * ID_BYTES) == TEXT.split("_")[1]


@pytest.mark.parametrize("secret", [b"\0" * SECRET_BYTES, b"\xff" * SECRET_BYTES, b"\xfb\xef" * 16])
def test_every_secret_is_read_back_whatever_letters_it_is_spelled_with(secret: bytes) -> None:
    text = key_text(key_id(b"\xff" * ID_BYTES), secret)
    shown = read_key(text)
    assert shown.secret_hash == hashlib.sha256(text[15:].encode()).hexdigest()


def test_the_secret_itself_is_nowhere_in_what_is_kept_or_printed() -> None:
    secret = TEXT.rsplit("_", 1)[1]
    assert secret not in repr(KEPT) + repr(SHOWN) + repr(dataclasses.asdict(KEPT)) + repr(dataclasses.asdict(SHOWN))
    assert KEPT.secret_hash not in repr(KEPT) + repr(SHOWN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rbk_",
        TEXT[:-1],
        TEXT + "A",
        TEXT + "\n",
        " " + TEXT,
        TEXT.upper(),
        TEXT.replace("rbk_", "rbk-"),
        TEXT.replace("rbk_", "xyz_"),
        TEXT.replace("_", "", 2),
        "rbk_aaaaaaaaa1_" + TEXT[15:],
        "rbk_aaaaaaaaa_" + TEXT[15:],
        TEXT[:-1] + "=",
        TEXT[:-1] + "\u0661",
        TEXT[:-1] + "\udcff",
    ],
)
def test_what_does_not_have_the_form_of_a_key_is_none(text: str) -> None:
    with pytest.raises(KeyRefusedError):
        read_key(text)


def test_the_right_secret_opens_until_the_keys_end() -> None:
    granted = Admission(ADA, frozenset({Scope.CHAT}), f"key {SHOWN.id}", KEPT.expires_at)
    assert key_admission(SHOWN, KEPT, NOW) == granted
    assert key_admission(SHOWN, KEPT, NOW + timedelta(days=1, microseconds=-1)) == granted
    endless = dataclasses.replace(KEPT, expires_at=None)
    assert key_admission(SHOWN, endless, NOW + timedelta(days=36_500)).expires_at is None


@pytest.mark.parametrize(
    ("kept", "now"),
    [
        (None, NOW),
        (dataclasses.replace(KEPT, secret_hash=hashlib.sha256(b"another").hexdigest()), NOW),
        (dataclasses.replace(KEPT, secret_hash=""), NOW),
        (KEPT, NOW + timedelta(days=1)),
        (dataclasses.replace(KEPT, revoked_at=NOW), NOW),
        (dataclasses.replace(KEPT, revoked_at=NOW + timedelta(days=9)), NOW),
        (dataclasses.replace(KEPT, expires_at=None, revoked_at=NOW), NOW),
    ],
    ids=["unknown", "other secret", "no hash", "expired", "revoked", "revoked by a clock ahead", "endless but revoked"],
)
def test_nothing_else_opens(kept: ApiKey | None, now: datetime) -> None:
    with pytest.raises(KeyRefusedError):
        key_admission(SHOWN, kept, now)


def test_the_hash_that_stands_for_no_record_opens_nothing() -> None:
    shown = dataclasses.replace(SHOWN, secret_hash=api_key.NO_HASH)
    with pytest.raises(KeyRefusedError):
        key_admission(shown, None, NOW)


def test_a_hash_is_compared_even_where_there_is_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("server.core.api_key.hmac.compare_digest", compare)
    for kept in (None, KEPT):
        try:
            key_admission(SHOWN, kept, NOW)
        except KeyRefusedError:
            assert kept is None
    assert compared == [(SHOWN.secret_hash, api_key.NO_HASH), (SHOWN.secret_hash, KEPT.secret_hash)]


def test_a_label_is_short_and_can_be_shown() -> None:
    assert checked_label("  my phone ") == "my phone"
    assert checked_label("") == ""
    assert checked_label("x" * MAX_LABEL) == "x" * MAX_LABEL
    for label in ("x" * (MAX_LABEL + 1), "a\nb", "\x1b[2J", "a\u202eb"):
        with pytest.raises(NameRefusedError, match="at most 128 printable"):
            checked_label(label)
