"""Planted bugs, each put in for a while: the machine must find them by itself."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from server.conversations.handoffs import Handoffs
from server.conversations.holding import Holding
from server.conversations.telling import Telling
from server.core import desk_call
from server.core.desk import Desk
from server.core.desk_events import Run
from server.core.open_calls import OpenCalls
from server.core.session_key import SessionKey
from server.storage.ledger import SqlLedger
from server.tabs.approvals import Approvals
from server.tabs.asking import Asking
from shared.ids import ClaimId

Patch = pytest.MonkeyPatch


def told_before_commit(patch: Patch) -> None:
    """Updates are told as soon as they are put."""
    honest = SqlLedger.put_update

    def put_update(self: Any, *args: Any) -> asyncio.Future[None]:
        honest(self, *args)
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        told.set_result(None)
        return told

    patch.setattr(SqlLedger, "put_update", put_update)


def any_answer_counts(patch: Patch) -> None:
    """Whoever was asked at any time may answer for what is open under that id now."""
    patch.setattr(Asking, "_is_open", lambda self, question: True)


def claimed_each_time(patch: Patch) -> None:
    """What was under way runs again under a new claim."""

    def claimed_before(self: Any, call_id: Any, call: Any) -> list[Any]:
        if call.is_frontend and not self.device:
            return []
        call.claim, call.is_under_way = ClaimId(str(uuid.uuid4())), True
        return [Run(call_id)]

    patch.setattr(Desk, "_claimed_before", claimed_before)


def asked_nowhere(patch: Patch) -> None:
    """Open questions do not move along with the conversation."""
    patch.setattr(Desk, "_seated", lambda self: [])


def approvals_forgotten(patch: Patch) -> None:
    """What was open before a crash is asked for anew."""
    patch.setattr(Approvals, "restore", lambda self, *_: None)


def anybody_takes_it(patch: Patch) -> None:
    """Who holds a conversation is not looked at."""
    patch.setattr(Holding, "check", lambda self, tab, secret, *, take_over: None)


def edits_are_not_noted(patch: Patch) -> None:
    """The arguments change, and the hash stays that of what was asked."""

    def edit(self: Any, arguments: Any) -> None:
        self.arguments, self.is_edited = arguments, True

    patch.setattr(desk_call.Call, "edit", edit)


def codes_for_ever(patch: Patch) -> None:
    """A code may be used again."""
    honest = Handoffs.redeem

    def redeem(self: Any, identity: Any, code: str) -> SessionKey:
        before = dict(self._codes)
        key = honest(self, identity, code)
        self._codes = before
        return key

    patch.setattr(Handoffs, "redeem", redeem)


def replayed_from_the_wrong_update(patch: Patch) -> None:
    """A replay begins one update too early."""
    honest = Telling.open

    def open_(self: Any, opening: Any, *args: Any) -> None:
        after = opening.after
        honest(self, replace(opening, after=after - 1 if after else after), *args)

    patch.setattr(Telling, "open", open_)


def one_seat_for_all(patch: Patch) -> None:
    """Every conversation speaks to the tab that came first, as with a tab kept in a global."""
    honest = Holding._sit
    first: list[Any] = []

    def sit(self: Any, tab: Any) -> None:
        honest(self, tab)
        first.append(self.seat) if self.is_present else None
        self.seat = first[0] if first and self.is_present else self.seat

    patch.setattr(Holding, "_sit", sit)


def results_are_not_kept(patch: Patch) -> None:
    """The end of a call is told, and never stored."""
    honest = OpenCalls.close

    def close(self: Any, *args: Any) -> list[Any]:
        return honest(self, *args)[1:]

    patch.setattr(OpenCalls, "close", close)


PLANTS: tuple[Callable[[Patch], None], ...] = (
    told_before_commit,
    any_answer_counts,
    claimed_each_time,
    asked_nowhere,
    approvals_forgotten,
    anybody_takes_it,
    edits_are_not_noted,
    codes_for_ever,
    replayed_from_the_wrong_update,
    one_seat_for_all,
    results_are_not_kept,
)
