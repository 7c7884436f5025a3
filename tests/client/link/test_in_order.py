"""A tab is told everything once, in order, and nothing before it listens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from client.link.in_order import InOrder
from client.link.wire import Listener
from shared.frames import AgentSaid, Update
from shared.news import News, Notice, PersonReset


@dataclass
class Ear:
    heard_so_far: list[Update | News] = field(default_factory=list)

    def heard(self, update: Update) -> None:
        self.heard_so_far.append(update)

    def heard_news(self, news: News) -> None:
        self.heard_so_far.append(news)


def told_to(ear: Ear) -> InOrder:
    return InOrder(cast("Listener", ear))


def test_what_comes_too_early_is_told_first_and_in_order() -> None:
    ear = Ear()
    order = told_to(ear)
    before = order.is_early
    order.tell(AgentSaid("one"))
    order.tell(Notice("two"))
    assert ear.heard_so_far == []
    order.listen()
    assert (before, order.is_early) == (True, False)
    order.tell(AgentSaid("three"))
    assert ear.heard_so_far == [AgentSaid("one"), Notice("two"), AgentSaid("three")]


def test_a_number_counts_once_and_none_always() -> None:
    order = told_to(Ear())
    assert [order.is_new(seq) for seq in (1, 1, 2, 1, None, 2, 3)] == [True, False, True, False, True, False, True]


def test_after_a_reset_numbers_begin_at_one_again() -> None:
    order = told_to(Ear())
    assert [order.is_new(seq) for seq in (1, 2)] == [True, True]
    order.tell(PersonReset("Gone."))
    assert [order.is_new(seq) for seq in (1, 1, 2)] == [True, False, True]
