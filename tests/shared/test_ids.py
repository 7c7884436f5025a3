"""How a session's id is made."""

from __future__ import annotations

import uuid

import pytest

from shared.ids import MAX_USER_ID, ConnectionSignature, UserId, session_id

SIGNATURE = ConnectionSignature("3f0c2f6e-6f1c-4d7e-9a53-0d4f7d1b2c3e")


def test_the_id_names_the_user_and_the_connection() -> None:
    assert session_id(UserId("ada"), SIGNATURE) == f"session_ada_{SIGNATURE}"


def test_the_same_arguments_give_the_same_session() -> None:
    assert session_id(UserId("ada"), SIGNATURE, 2) == session_id(UserId("ada"), SIGNATURE, 2)


def test_a_signature_gives_its_own_session() -> None:
    ids = {session_id(UserId("ada"), ConnectionSignature(str(uuid.uuid4()))) for _ in range(1000)}
    assert len(ids) == 1000


def test_further_sessions_of_a_connection_are_numbered() -> None:
    assert [session_id(UserId("ada"), SIGNATURE, n)[-2:] for n in (2, 3)] == ["-2", "-3"]


def test_the_count_starts_at_one() -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        session_id(UserId("ada"), SIGNATURE, 0)


def test_the_longest_user_id_fits_into_what_the_store_keeps() -> None:
    assert len(session_id(UserId("u" * MAX_USER_ID), SIGNATURE, 10_000_000)) <= 128
