"""A reset forgets one person's everything, and nobody's messages overtake the news of it."""

from __future__ import annotations

import asyncio

from server.conversations.reset import Reset
from server.core.session_events import Said
from server.tabs.audience import Audience
from shared.ids import MessageId
from shared.news import PersonReset
from tests.server.agent_for_tests import AgentForTests
from tests.server.services_for_tests import ADA, BOB, Setup, begun
from tests.server.tab_for_tests import TabForTests
from tests.server.tabs.test_audience import SlowTab


async def test_messages_wait_until_the_tabs_were_told() -> None:
    setup = Setup(AgentForTests())
    audience = Audience(setup.changes)
    tab = SlowTab()
    audience.join(ADA, tab)
    session_id = begun(setup.sessions, ADA, tab).context.session_id
    resetting = asyncio.create_task(Reset(setup.sessions, setup.services, audience)(ADA))
    while not setup.sessions._ending:
        await asyncio.sleep(0)
    held = asyncio.create_task(setup.sessions.held(ADA, tab, session_id))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not held.done()
    tab.may_read.set()
    message = await resetting
    assert tab.news_told == [PersonReset(message)]
    await held


async def test_it_forgets_the_person_and_nobody_else() -> None:
    setup = Setup(AgentForTests())
    audience = Audience(setup.changes)
    tabs = {who: TabForTests() for who in (ADA, BOB)}
    for who, tab in tabs.items():
        audience.join(who, tab)
        await setup.services.states.of(who, None).upsert("colour", {"value": "blue"})
        await begun(setup.sessions, who, tab).prompt(Said(MessageId("one"), "hello"))
    message = await Reset(setup.sessions, setup.services, audience)(ADA)
    assert message.startswith("Everything was reset: 0 conversations")
    assert [who for who, _ in setup.conversations.kept] == [BOB]
    assert await setup.services.states.of(ADA, None).list_states() == []
    assert await setup.services.states.of(BOB, None).list_states() == ["colour"]
    assert tabs[ADA].news_told[-1] == PersonReset(message)
    assert not any(isinstance(news, PersonReset) for news in tabs[BOB].news_told)


async def test_what_has_begun_goes_on_when_the_tab_that_asked_is_gone() -> None:
    setup = Setup(AgentForTests())
    audience = Audience(setup.changes)
    tab = SlowTab()
    audience.join(ADA, tab)
    await setup.services.states.of(ADA, None).upsert("colour", {"value": "blue"})
    resetting = asyncio.create_task(Reset(setup.sessions, setup.services, audience)(ADA))
    while not setup.sessions._ending:
        await asyncio.sleep(0)
    resetting.cancel()
    await asyncio.wait({resetting})
    tab.may_read.set()
    await tab.until(lambda: any(isinstance(news, PersonReset) for news in tab.news_told))
    assert await setup.services.states.of(ADA, None).list_states() == []
