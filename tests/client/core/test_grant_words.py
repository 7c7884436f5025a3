"""How grants and decisions are written: in full, one thing a line, and nothing hidden in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from client.core.grant_words import argument_lines, entry_object, grant_lines, grant_object, log_line, revoked
from client.core.grants import HeldGrant, LoggedDecision
from shared.json_types import JsonObject

NOON = datetime(2026, 11, 21, 12, 30, 5, tzinfo=UTC)


def grant(arguments: JsonObject, tool: str = "notify", device: str = "PC", folder: str = "/a") -> HeldGrant:
    return HeldGrant("id-1", tool, arguments, device, folder, NOON, NOON + timedelta(days=30))


ENTRY = LoggedDecision(NOON, "session_ada_1", "call", "notify", "0123456789abcdef", "allowed_by_grant", "PC", "x-1")


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ({}, ("without arguments",)),
        ({"n": 1, "t": "1", "b": True, "x": None}, ("n: 1", 't: "1"', "b: true", "x: null")),
        ({"text": "one\ntwo"}, ("text:", "  one", "  two")),
        ({"a\x1b[2J": "\u202e\r"}, ('a⟨ESC⟩[2J: "⟨U+202E⟩⟨CR⟩"',)),
    ],
)
def test_every_argument_is_shown_in_full(arguments: JsonObject, lines: tuple[str, ...]) -> None:
    assert argument_lines(grant(arguments)) == lines


def test_a_grant_is_its_id_tool_device_folder_and_days_and_then_its_arguments() -> None:
    assert grant_lines(grant({"n": 1}), UTC) == (
        "id-1  notify on PC, in /a, since 2026-11-21, until 2026-12-21",
        "    n: 1",
    )
    assert "no⟨BEL⟩ on P⟨LF⟩C, in /⟨ESC⟩" in grant_lines(grant({}, "no\x07", "P\nC", "/\x1b"), UTC)[0]


def test_a_decision_is_one_line_whatever_is_in_it() -> None:
    assert log_line(ENTRY, UTC) == "2026-11-21 12:30:05  allowed by grant  notify  0123456789ab  PC  session_ada_1"
    hostile = LoggedDecision(NOON, "s\n1", "c", "t\x1b", "h", "expired", "", "x")
    assert log_line(hostile, UTC) == "2026-11-21 12:30:05  expired  t⟨ESC⟩  h  no device  s⟨LF⟩1"


def test_another_program_is_told_the_same_and_all_of_it() -> None:
    assert grant_object(grant({"n": 1.0}))["folder"] == "/a"
    assert grant_object(grant({"n": 1.0}))["expiresAt"] == "2026-12-21T12:30:05+00:00"
    assert entry_object(ENTRY) | {"argumentsHash": "0123456789abcdef", "connection": "x-1"} == entry_object(ENTRY)


@pytest.mark.parametrize(("count", "begins"), [(0, "There is nothing"), (1, "Taken back: 1 g"), (2, "Taken back: 2 g")])
def test_what_was_taken_back_is_counted(count: int, begins: str) -> None:
    assert revoked(count).startswith(begins)
