"""What is brought once, behind the scenes."""

from __future__ import annotations

import asyncio

import pytest

from server.loading import Loading
from shared.errors import RingbackError, StartError


class Bringer:
    def __init__(self, error: Exception | None = None) -> None:
        self.go_on = asyncio.Event()
        self.times = 0
        self.error = error

    async def __call__(self) -> str:
        self.times += 1
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        return "here"


async def test_it_is_brought_once_for_all_who_want_it() -> None:
    bring = Bringer()
    loading = Loading("it", bring)
    assert not loading.has_begun
    asking = [asyncio.create_task(loading.get()) for _ in range(5)]
    loading.begin()
    bring.go_on.set()
    assert await asyncio.gather(*asking) == ["here"] * 5
    assert await loading.get() == "here"
    assert bring.times == 1


async def test_who_gives_up_gets_nothing_and_spoils_nothing() -> None:
    bring = Bringer()
    loading = Loading("it", bring)
    give_up = asyncio.Event()
    waiting = asyncio.create_task(loading.get_unless(give_up))
    cancelled = asyncio.create_task(loading.get())
    await asyncio.sleep(0)
    cancelled.cancel()
    give_up.set()
    assert await waiting is None
    bring.go_on.set()
    assert await loading.get() == "here"
    assert await loading.get_unless(give_up) == "here", "it is there already"


@pytest.mark.parametrize("error", [StartError("The disk is full."), ValueError("canary-1")])
async def test_a_failure_is_a_sentence_for_everybody_and_never_inner_text(error: Exception) -> None:
    bring = Bringer(error)
    bring.go_on.set()
    loading = Loading("the storage", bring)
    for wait in (loading.get(), loading.get_unless(asyncio.Event()), loading.get()):
        with pytest.raises(RingbackError) as told:
            await wait
        assert "canary" not in str(told.value)
    assert bring.times == 1
