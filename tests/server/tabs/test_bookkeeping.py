"""What is written down with a decision, and how a grant is found when a call comes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.core.decision import Decided, Decision, Whereabouts
from server.core.desk import Desk
from server.core.desk_events import Keep, Requested, Seated
from server.core.policy import Policy
from server.core.policy_rules import PolicyRule, Rule
from server.core.session_key import SessionKey
from server.core.tool_call import CallState
from server.tabs.bookkeeping import LIFETIME, Bookkeeping
from shared.ids import SessionId
from tests.contracts.records import TALK, call
from tests.server.core.desk_for_tests import request
from tests.server.ledger_for_tests import LedgerForTests
from tests.server.services_for_tests import ADA, BOB

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PC, PHONE = Seated("pc", 1, "PC", "x"), Seated("phone", 2, "iPhone", "y")
HERE = Whereabouts("pc", "PC", "x")


class Books:
    """The books of a conversation of Ada's, and the clock on the wall."""

    def __init__(self, key: SessionKey = TALK, ledger: LedgerForTests | None = None) -> None:
        self.ledger = ledger or LedgerForTests()
        self.now = NOON
        self.kept = Bookkeeping(key, lambda: self.ledger, now=lambda: self.now)

    async def decide(self, decision: Decision, where: Whereabouts = HERE, folder: str = "/work") -> None:
        asked = request()
        desk = Desk(device="pc")
        granted = desk.may_be_granted(asked, ADA, "/work")
        assert granted is not None
        record = replace(
            call(CallState.APPROVED),
            name=asked.spec.name,
            arguments=asked.arguments,
            arguments_hash=granted.arguments_hash,
        )
        await asyncio.gather(*self.kept.keep(Keep(record, Decided(decision, where)), lambda _: folder))

    async def is_granted(self, seat: Seated = PC, *rules: PolicyRule, folder: str = "/work") -> bool:
        desk = Desk(policy=Policy(file=rules))
        desk.on(seat)
        event = await self.kept.with_grant(request(), desk, lambda _: folder)
        assert isinstance(event, Requested)
        return event.is_granted


async def test_an_exact_yes_is_kept_as_a_grant_with_its_call_and_a_line_of_the_log() -> None:
    books = Books()
    await books.decide(Decision.ALLOWED_EXACTLY)
    (grant,) = books.ledger.grants.values()
    assert (grant.identity, grant.device, grant.label, grant.folder, grant.tool) == (
        ADA,
        "pc",
        "PC",
        "/work",
        "change_bgm",
    )
    assert (grant.created_at, grant.expires_at) == (NOON, NOON + LIFETIME)
    (entry,) = books.ledger.audit
    assert (entry.key, entry.at, entry.tool, entry.decided.where) == (TALK, NOON, "change_bgm", HERE)
    assert books.ledger.calls[TALK]


@pytest.mark.parametrize("decision", [one for one in Decision if one is not Decision.ALLOWED_EXACTLY])
async def test_nothing_else_is_a_grant(decision: Decision) -> None:
    books = Books()
    await books.decide(decision)
    assert books.ledger.grants == {}
    assert [entry.decided.decision for entry in books.ledger.audit] == [decision]


async def test_where_no_device_is_there_is_nothing_to_grant() -> None:
    books = Books()
    await books.decide(Decision.ALLOWED_EXACTLY, Whereabouts())
    assert books.ledger.grants == {}


async def test_a_grant_counts_in_every_conversation_of_its_person_on_that_device() -> None:
    books = Books()
    await books.decide(Decision.ALLOWED_EXACTLY)
    assert await books.is_granted()
    assert not await books.is_granted(PHONE)
    assert not await books.is_granted(Seated("", 3, "PC"))
    assert not await books.is_granted(PC, PolicyRule("*", Rule.DENY))
    assert await Books(SessionKey(ADA, SessionId("another")), books.ledger).is_granted()
    assert not await Books(SessionKey(BOB, TALK.session_id), books.ledger).is_granted()


async def test_a_grant_counts_in_its_working_folder_alone() -> None:
    books = Books()
    await books.decide(Decision.ALLOWED_EXACTLY)
    assert await books.is_granted()
    for folder in ("/tmp/cloned", "/work/", "/", ""):
        assert not await books.is_granted(folder=folder), folder


async def test_where_the_working_folder_is_not_known_nothing_is_granted() -> None:
    books = Books()
    await books.decide(Decision.ALLOWED_EXACTLY, folder="")
    assert books.ledger.grants == {}
    assert len(books.ledger.audit) == 1


async def test_a_clock_that_jumps_lets_nothing_run_outside_of_the_grants_own_days() -> None:
    books = Books()
    await books.decide(Decision.ALLOWED_EXACTLY)
    for days, counts in ((29.9, True), (30, False), (3650, False), (-0.1, False), (-3650, False), (0, True)):
        books.now = NOON + timedelta(days=days)
        assert await books.is_granted() is counts, days


async def test_what_cannot_be_looked_up_is_no_grant() -> None:
    books = Books()
    await books.decide(Decision.ALLOWED_EXACTLY)
    books.ledger.is_broken = True
    assert not await books.is_granted()
