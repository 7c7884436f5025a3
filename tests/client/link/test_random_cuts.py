"""Whatever is cut, moved or forgotten: the transcript is the server's log, and what was said is there once."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest

from client.core.transcript_entries import Delivery
from client.link.tab_link import TabLink
from client.ports import Welcome
from tests.client.link.log_server import LogServer, Talk, serving
from tests.client.link.transcript_tab import TranscriptTab, linked, read, say
from tests.client.tab_for_tests import Cleared, Held, Interrupted, SessionLost

TRIALS = 200
AT_ONCE = 20
MESSAGES = 4
MOST_CUTS = 6


@dataclass
class Turns:
    """Answers in pieces of chance, some of them voided and told anew, with breaths between them."""

    chance: Random
    pause: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, _server: LogServer, talk: Talk, message_id: str, _text: str) -> None:
        answer = f"<{message_id}:{self.chance.randrange(10**6)}>"
        told = 0
        while told < len(answer):
            piece = self.chance.randint(1, 5)
            talk.speak(answer[told : told + piece])
            told = min(len(answer), told + piece)
            if self.chance.random() < 0.1:
                told = self.chance.randint(0, told)
                talk.restart(told)
            for _ in range(self.chance.randrange(4)):
                await asyncio.sleep(0)


@dataclass
class Outcome:
    """What one trial came to."""

    tab: TranscriptTab
    server: LogServer
    said: list[str]
    recovered: int


async def trial(seed: int) -> Outcome:
    """A few messages over connections that are cut after some frames, the last one excepted."""
    chance = Random(seed)
    server, tab = LogServer(Turns(chance)), TranscriptTab()
    cuts = [chance.randint(2, 14) for _ in range(chance.randint(1, MOST_CUTS))]
    trouble = chance.choice(["", "", "moved", "shortened", "forgotten"])
    said = [f"m{number}" for number in range(MESSAGES)]
    async with serving(server):
        server.frames_of_next = cuts.pop()

        def next_connection(_tab: object, method: str, _params: object) -> None:
            if method == "initialize":
                server.frames_of_next = cuts.pop() if cuts else None

        server.refuse = next_connection
        async with linked(server, tab) as link:
            for message_id in said:
                say(link, tab, message_id)
                for _ in range(chance.randrange(40)):
                    await asyncio.sleep(0)
            if trouble:
                await tab.until(lambda: tab.all(Interrupted) and tab.all(Welcome))
                cuts.clear()
                await make(trouble, server, tab, link, chance)
            await tab.until(lambda: not link._holding.mail._outbox._messages)
            await tab.until(lambda: not server.talks or len(tab.numbers) >= len(server.talk.log))
    return Outcome(tab, server, said, len(tab.all(Interrupted)))


async def make(trouble: str, server: LogServer, tab: TranscriptTab, link: TabLink, chance: Random) -> None:
    """Something worse than a cut; from now on nothing is cut by chance."""
    server.frames_of_next = None
    for connection in server.tabs:
        connection.frames_left = None
    opened = len(tab.all(Welcome))
    if trouble == "moved":
        server.talk.moves()
        server.tabs[-1].cut()
        await tab.first(Held)
        link.take_over()
    elif trouble == "forgotten":
        server.talks.clear()
        server.tabs[-1].cut()
    else:
        shorten(server, chance)
    await tab.until(lambda: len(tab.all(Welcome)) > opened)


def shorten(server: LogServer, chance: Random) -> None:
    """The server comes back from an old copy, and nothing runs in it."""
    for task in list(server.turns):
        task.cancel()
    server.tabs[-1].cut()
    talk = server.talk
    talk.holder = None
    ends = [0, *(number for number, told in enumerate(talk.log, 1) if "messageId" in told["params"])]
    del talk.log[chance.choice(ends) :]
    ended = {told["params"].get("messageId") for told in talk.log}
    talk.accepted = {name: event for name, event in talk.accepted.items() if name in ended}


@pytest.mark.parametrize("first", range(0, TRIALS, AT_ONCE))
async def test_the_transcript_is_the_servers_log_and_every_message_stands_there_once(
    first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.link.backoff.FIRST", 0.001)
    monkeypatch.setattr("client.link.mail.END_SECONDS", 20.0)
    seen: Counter[str] = Counter()
    for seed in range(first, first + AT_ONCE):
        done = await trial(seed)
        tab, server = done.tab, done.server
        assert not tab.texts(Delivery.WAITING), seed
        said = [text for kind, text in tab.shown if kind == "Said"]
        if tab.all(SessionLost):
            assert sorted(said) == done.said, seed
        elif tab.all(Cleared):
            assert tab.shown == read(server.talk.log), seed
        else:
            assert tab.shown == read(server.talk.log), seed
            assert said == done.said, seed
            assert tab.numbers == list(range(1, len(server.talk.log) + 1)), seed
        seen.update(kind.__name__ for kind in (SessionLost, Cleared, Held) if tab.all(kind))
        seen["recovered"] += done.recovered > 0
    assert seen["recovered"] >= 0.9 * AT_ONCE, "a trial with nothing to recover shows nothing"
