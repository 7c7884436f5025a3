"""Tokens are counted for the turn and the person, and held against the budgets."""

from __future__ import annotations

import asyncio
import gc
from datetime import UTC, datetime, timedelta

import pytest

from server.core.identity import Identity
from server.core.usage import Budgets
from server.spending import UsageBook
from shared.errors import BudgetSpentError
from shared.usage import TokenUsage
from tests.server.services_for_tests import ADA, ADA_OF_ACME

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ONCE = TokenUsage(10, 5, 15)
NOTHING = TokenUsage()


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Books:
    """What was stored before this server started, and how often it was read."""

    def __init__(self, ever: TokenUsage = NOTHING, today: TokenUsage = NOTHING) -> None:
        self.ever, self.today, self.reads = ever, today, 0

    async def __call__(self, identity: Identity, since: datetime | None) -> TokenUsage:
        self.reads += 1
        return self.ever if since is None else self.today


async def test_every_budget_stops_the_next_question_to_the_model_with_its_own_sentence() -> None:
    cases = [
        (Budgets(prompt=10), "10 prompt tokens of the 10"),
        (Budgets(completion=5), "5 completion tokens of the 5"),
        (Budgets(user=15), "15 tokens of the 15 that you may use a day"),
    ]
    for budgets, sentence in cases:
        book = UsageBook(budgets)
        turn = book.begin(await book.person(ADA, Books()))
        turn.check()
        turn.add(ONCE)
        with pytest.raises(BudgetSpentError, match=sentence):
            turn.check()


async def test_what_is_left_of_a_budget_lets_the_turn_go_on() -> None:
    book = UsageBook(Budgets(prompt=11, completion=6, user=16))
    turn = book.begin(await book.person(ADA, Books()))
    turn.add(ONCE)
    turn.check()


async def test_the_budgets_of_a_turn_begin_anew_with_each_turn_and_that_of_a_person_does_not() -> None:
    book = UsageBook(Budgets(prompt=10, user=31))
    person = await book.person(ADA, Books())
    for _ in range(2):
        turn = book.begin(person)
        turn.check()
        turn.add(ONCE)
    third = book.begin(person)
    third.check()
    third.add(ONCE)
    with pytest.raises(BudgetSpentError, match="45 tokens of the 31"):
        book.begin(person).check()


async def test_what_was_used_before_the_server_started_counts() -> None:
    book = UsageBook(Budgets(user=100))
    person = await book.person(ADA, Books(TokenUsage(500, 500, 1000), TokenUsage(50, 40, 90)))
    turn = book.begin(person)
    turn.check()
    turn.add(ONCE)
    assert person.ever == TokenUsage(510, 505, 1015)
    with pytest.raises(BudgetSpentError, match="105 tokens of the 100"):
        turn.check()


async def test_a_new_day_brings_a_new_budget() -> None:
    clock = Clock()
    book = UsageBook(Budgets(user=15), now=clock)
    person = await book.person(ADA, Books())
    turn = book.begin(person)
    turn.add(ONCE)
    with pytest.raises(BudgetSpentError):
        turn.check()
    clock.now = NOON + timedelta(hours=13)
    turn.check()
    turn.add(ONCE)
    with pytest.raises(BudgetSpentError, match="15 tokens of the 15"):
        turn.check()
    assert person.ever == TokenUsage(20, 10, 30)


async def test_all_turns_of_a_person_share_one_record_and_two_people_do_not() -> None:
    book, books = UsageBook(Budgets()), Books()
    one, same, other = [await book.person(who, books) for who in (ADA, ADA, ADA_OF_ACME)]
    assert one is same
    assert one is not other
    book.begin(one).add(ONCE)
    assert same.ever == ONCE
    assert other.ever == TokenUsage()
    assert books.reads == 4


async def test_a_person_nobody_holds_is_forgotten_and_read_again() -> None:
    book, books = UsageBook(Budgets()), Books()
    await book.person(ADA, books)
    gc.collect()
    await book.person(ADA, books)
    assert books.reads == 4


async def test_the_first_two_turns_of_a_person_at_once_share_one_record() -> None:
    book = UsageBook(Budgets())
    may_read = asyncio.Event()

    async def slow_books(_identity: Identity, _since: datetime | None) -> TokenUsage:
        await may_read.wait()
        return NOTHING

    reading = [asyncio.create_task(book.person(ADA, slow_books)) for _ in range(2)]
    await asyncio.sleep(0)
    may_read.set()
    one, two = await asyncio.gather(*reading)
    assert one is two
