"""Garbage costs only its own tab: no error inside the server, no other tab touched, no memory taken."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from server.gateway.listener import MAX_FRAME
from tests.faults import dying_server
from tests.faults.garbage import frame
from tests.faults.nursery import Nursery
from tests.journeys.raw_tab import Message, RawTab, raw_tab
from tests.journeys.server_process import RunningServer, fresh_server
from tests.journeys.test_identities import key_for
from tests.journeys.test_leaks import at_rest, footprint, in_use

AT_ONCE = 4
"""So many tabs send garbage at the same time, each of a person of its own."""
BATCH = 200
"""After so many frames it is waited until the server has read them."""
PATIENCE = 60.0
WITNESS_EVERY = 0.25
RESIDENT = 20 * 1024
"""KiB that the server may grow by, as promised."""
IN_HASTE = {"RINGBACK_MAX_MESSAGES": "1000000"}
"""The pace is shown elsewhere; here it would only take time."""
ERRORS = re.compile(r" (ERROR|CRITICAL) |Traceback|a bug")


@dataclass
class Tally:
    """What was seen; ``wrongs`` are sentences."""

    frames: int = 0
    closed: Counter[int] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    turns: int = 0
    longest: float = 0.0
    wrongs: list[str] = field(default_factory=list)


class Eve:
    """Somebody who sends garbage, and counts it once the server has read it."""

    def __init__(self, line: ClientConnection, dice: random.Random, tally: Tally) -> None:
        self._line = line
        self._dice = dice
        self._tally = tally
        self._read: dict[str, asyncio.Event] = {}

    async def come(self) -> str:
        """Mostly as a client would; the name of a session."""
        name = self._line.response and self._line.response.headers["Acp-Connection-Id"]
        if self._dice.random() < 0.8:
            await self._line.send(request(1, "initialize", {"protocolVersion": 1}))
            await self._line.send(request(2, "session/new", {"cwd": "/", "mcpServers": []}))
        return f"session_eve_{name}"

    async def send(self, session: str, count: int) -> int:
        """So many frames, or fewer if one is so long that it ends the connection: how many were read."""
        for number in range(count):
            garbage = frame(self._dice, session)
            await self._line.send(garbage)
            if len(garbage) > MAX_FRAME:
                await self._line.wait_closed()
                return number + 1
        mark = str(uuid.UUID(int=self._dice.getrandbits(128)))
        read = self._read[mark] = asyncio.Event()
        await self._line.send(json.dumps({"jsonrpc": "2.0", "id": mark, "method": "is/it/read"}))
        async with asyncio.timeout(PATIENCE):
            await read.wait()
        return count

    async def hear(self) -> None:
        """Count the answers until the connection ends."""
        with contextlib.suppress(ConnectionClosed):
            async for text in self._line:
                answer = json.loads(text)
                if answer.get("id") in self._read:
                    self._read.pop(answer["id"]).set()
                elif "error" in answer:
                    self._tally.codes[answer["error"]["code"]] += 1
                    if not answer["error"]["message"].strip():
                        self._tally.wrongs.append(f"an error without a sentence: {answer}")


async def send_garbage(server: RunningServer, key: str, count: int, seed: int, tally: Tally) -> None:
    """One person sends so many frames, over one connection after the other."""
    dice, left = random.Random(seed), count
    while left > 0:
        async with connect(
            server.url, additional_headers={"X-API-Key": key}, compression=None, proxy=None, max_size=None
        ) as line:
            eve = Eve(line, dice, tally)
            hearing = asyncio.create_task(eve.hear())
            session = await eve.come()
            for _ in range(dice.randrange(1, 20)):
                read = await eve.send(session, min(BATCH, left))
                left -= read
                tally.frames += read
                if left <= 0 or line.state is not State.OPEN:
                    break
            await line.close()
            await hearing
            tally.closed[line.close_code or 0] += 1


def request(number: int, method: str, params: Message) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


async def hear(line: ClientConnection, tally: Tally) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for text in line:
            answer = json.loads(text)
            if "error" in answer:
                tally.codes[answer["error"]["code"]] += 1
                if not answer["error"]["message"].strip():
                    tally.wrongs.append(f"an error without a sentence: {answer}")


async def bear_witness(tab: RawTab, tally: Tally, over: asyncio.Event) -> None:
    """Another person's tab goes on as if nothing were, with a tool and its approval in each turn."""
    while not over.is_set():
        begun = time.monotonic()
        answer = await tab.prompt(f"turn {tally.turns}")
        tally.longest = max(tally.longest, time.monotonic() - begun)
        if answer.get("result", {}).get("stopReason") != "end_turn":
            tally.wrongs.append(f"the other tab was answered {answer}")
        tally.turns += 1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WITNESS_EVERY):
                await over.wait()


async def check(nursery: Nursery | None, home: Path, *, count: int, seed: int, plant: str | None = None) -> Tally:
    """``count`` frames in all."""
    del nursery
    tally, over, told = Tally(), asyncio.Event(), home / "allocated"
    keys = [await key_for(home, f"eve{number}") for number in range(AT_ONCE)]
    faults = {"allocated": str(told), **({} if plant is None else {"plant": plant})}
    environ = {**IN_HASTE, "FAULTS": json.dumps(faults)}
    async with (
        fresh_server(home, module=dying_server.__name__, environ=environ) as server,
        raw_tab(server.url, server.token) as witness,
    ):
        await witness.prompt("hello")
        # What is loaded at the first garbage is no growth.
        await asyncio.gather(
            *(send_garbage(server, key, min(1_000, count // 20), seed + 100 + n, Tally()) for n, key in enumerate(keys))
        )
        before, held = await at_rest(witness), await in_use(server, told)
        witnessing = asyncio.create_task(bear_witness(witness, tally, over))
        await asyncio.gather(
            *(send_garbage(server, key, count // AT_ONCE, seed + n, tally) for n, key in enumerate(keys))
        )
        over.set()
        await witnessing
        after, holds = await at_rest(witness, before), await in_use(server, told)
        resident = (await footprint(witness)).memory - before.memory
        tally.wrongs += [line for line in server.lines if ERRORS.search(line)]
    if (after.tasks, after.descriptors, after.leaked) != (before.tasks, before.descriptors, 0):
        tally.wrongs.append(f"something is left: {before} → {after}")
    if resident > RESIDENT:
        tally.wrongs.append(f"{resident} KiB more are resident")
    print(
        f"{tally.frames} frames of garbage, {tally.turns} turns of another tab (longest {tally.longest:.2f} s); "
        f"answered {dict(tally.codes)}, closed {dict(tally.closed)}; {resident / 1024:.1f} MiB more resident, "
        f"{holds.bytes - held.bytes} bytes and {holds.blocks - held.blocks} blocks more in use, "
        f"{len(tally.wrongs)} wrong"
    )
    return tally


async def test_garbage_costs_only_its_own_tab(tmp_path: Path) -> None:
    tally = await check(None, tmp_path, count=20_000, seed=23)
    assert tally.wrongs == []
    assert tally.turns


@pytest.mark.stress
@pytest.mark.timeout(3600)
async def test_a_million_frames_of_garbage_do(tmp_path: Path) -> None:
    tally = await check(None, tmp_path, count=1_000_000, seed=23)
    assert tally.wrongs == []
