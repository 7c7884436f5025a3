"""The tabs of a person are told, in order, and a slow one holds nobody up."""

from __future__ import annotations

import asyncio

from server.bus.local_changes import LocalChanges
from server.core.waiting_news import MANY, MAX_WAITING
from server.state.changes import StateChange
from server.tabs.audience import Audience
from shared.news import DevicesChanged, Notice, PersonReset, StateChanged
from tests.server.services_for_tests import ADA, ADA_OF_ACME, BOB
from tests.server.tab_for_tests import TabForTests

STORED = StateChanged("colour", "stored")


class SlowTab(TabForTests):
    """Reads nothing until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may_read = asyncio.Event()

    async def tell(self, news: object) -> None:
        await self.may_read.wait()
        await super().tell(news)  # type: ignore[arg-type]  # passed on as it came


async def test_a_change_is_told_to_the_other_tabs_of_its_person_only() -> None:
    changes = LocalChanges()
    audience = Audience(changes)
    one, two, bobs, acmes = (TabForTests() for _ in range(4))
    for identity, tab in ((ADA, one), (ADA, two), (BOB, bobs), (ADA_OF_ACME, acmes)):
        audience.join(identity, tab)
    changes.publish(StateChange(ADA, one.signature, STORED))
    await two.until(lambda: two.news_told == [STORED])
    audience.tell_all(Notice("Everybody hears this."))
    for tab in (one, two, bobs, acmes):
        await tab.until(lambda tab=tab: Notice("Everybody hears this.") in tab.news_told)  # type: ignore[misc]  # bound at once
    assert one.news_told == [DevicesChanged(), Notice("Everybody hears this.")], "and that another device came"
    assert bobs.news_told == acmes.news_told == [Notice("Everybody hears this.")]


async def test_the_other_devices_of_a_person_are_told_when_one_comes_and_when_it_goes() -> None:
    audience = Audience(LocalChanges())
    one, two, bobs = TabForTests(), TabForTests(), TabForTests()
    audience.join(ADA, one)
    audience.join(BOB, bobs)
    await audience.flush(ADA, 5)
    assert one.news_told == [], "nobody is told of themselves"
    audience.join(ADA, two)
    await one.until(lambda: one.news_told == [DevicesChanged()])
    assert audience.tabs(ADA) == [one, two]
    audience.leave(ADA, two)
    await one.until(lambda: one.news_told == [DevicesChanged()] * 2)
    assert audience.tabs(ADA) == [one]
    assert audience.find(BOB, one.signature) is None, "another person's device is not found"
    assert (two.news_told, bobs.news_told) == ([], [])


async def test_news_come_in_order() -> None:
    audience = Audience(LocalChanges())
    tab = TabForTests()
    audience.join(ADA, tab)
    news = [Notice(f"number {n}") for n in range(20)]
    for one in news:
        audience.tell(ADA, one)
    await audience.flush(ADA, 5)
    assert tab.news_told == news


async def test_a_tab_that_reads_nothing_costs_little_and_holds_nobody_up() -> None:
    audience = Audience(LocalChanges())
    slow, quick = SlowTab(), TabForTests()
    audience.join(ADA, slow)
    audience.join(ADA, quick)
    for n in range(10 * MAX_WAITING):
        audience.tell(ADA, Notice(f"number {n}"))
        await asyncio.sleep(0)
    await quick.until(lambda: len(quick.news_told) == 10 * MAX_WAITING)
    async with asyncio.timeout(5):
        await audience.flush(ADA, 0.05)
    slow.may_read.set()
    await audience.flush(ADA, 5)
    assert len(slow.news_told) <= MAX_WAITING + 1


async def test_a_tab_that_fell_far_behind_still_hears_of_a_reset_and_of_what_changed_after_it() -> None:
    audience = Audience(LocalChanges())
    slow = SlowTab()
    audience.join(ADA, slow)
    for n in range(2 * MAX_WAITING):
        audience.tell(ADA, StateChanged(f"key {n}", "stored"))
    audience.tell(ADA, PersonReset("Gone."))
    for n in range(2 * MAX_WAITING):
        audience.tell(ADA, StateChanged(f"key {n}", "stored"))
    slow.may_read.set()
    await audience.flush(ADA, 5)
    assert slow.news_told == [PersonReset("Gone."), MANY]


async def test_who_left_is_told_nothing_and_nothing_of_them_is_kept() -> None:
    changes = LocalChanges()
    audience = Audience(changes)
    tab, gone = TabForTests(), TabForTests()
    audience.join(ADA, tab)
    audience.join(ADA, gone)
    audience.leave(ADA, gone)
    audience.tell(ADA, PersonReset("Gone."))
    await audience.flush(ADA, 5)
    assert (tab.news_told, gone.news_told) == ([DevicesChanged(), PersonReset("Gone.")], [])
    audience.leave(ADA, tab)
    audience.leave(ADA, tab)
    assert not audience._seats
    assert not changes._listeners
