"""Each claimed call runs once on this device, however often it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from client.tools.journal import Journal, JournalError
from client.tools.runs import Runs
from shared.frames import ToolCalled
from shared.ids import ClaimId, SessionId, ToolCallId
from shared.json_types import JsonObject


class Tool:
    """Counts its runs; each waits until it is let go."""

    def __init__(self) -> None:
        self.runs = 0
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self) -> JsonObject:
        self.runs += 1
        number = self.runs
        await self.may_end.wait()
        return {"success": True, "number": number}


def call(claim: str = "one", name: str = "play") -> ToolCalled:
    return ToolCalled(SessionId("s"), ToolCallId("the same for all"), name, {}, ClaimId(claim))


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "runs.db")
    yield journal
    journal.close()


async def test_a_repeat_gets_what_the_run_gave_and_another_claim_runs_anew(journal: Journal) -> None:
    runs, tool = Runs(journal), Tool()
    first = await runs.once(call(), tool)
    assert [await runs.once(call(), tool), await Runs(journal).once(call(), tool)] == [first, first]
    assert await runs.once(call("two"), tool) == {"success": True, "number": 2}
    assert tool.runs == 2


async def test_repeats_while_it_runs_wait_for_the_one_run(journal: Journal) -> None:
    runs, tool = Runs(journal), Tool()
    tool.may_end.clear()
    asked = [asyncio.create_task(runs.once(call(), tool)) for _ in range(8)]
    while not tool.runs:
        await asyncio.sleep(0.001)
    tool.may_end.set()
    assert await asyncio.gather(*asked) == [{"success": True, "number": 1}] * 8
    assert tool.runs == 1
    assert not runs._under_way


async def test_a_connection_that_breaks_ends_no_run_and_the_next_one_gets_its_result(journal: Journal) -> None:
    runs, tool = Runs(journal), Tool()
    tool.may_end.clear()
    asked = asyncio.create_task(runs.once(call(), tool))
    while not tool.runs:
        await asyncio.sleep(0.001)
    asked.cancel()
    await asyncio.wait({asked})
    tool.may_end.set()
    assert await runs.once(call(), tool) == {"success": True, "number": 1}


async def test_what_was_begun_and_never_ended_may_have_run_and_does_not_run_again(journal: Journal) -> None:
    runs, tool = Runs(journal), Tool()
    tool.may_end.clear()
    asked = asyncio.create_task(runs.once(call(), tool))
    while not tool.runs:
        await asyncio.sleep(0.001)
    await runs.close()
    await asyncio.wait({asked})
    error = "play was begun on this device and it is not known how it ended. It may have run."
    assert await Runs(journal).once(call(), tool) == {"success": False, "error": error}
    assert tool.runs == 1


async def test_a_claim_of_another_tool_runs_nothing(journal: Journal) -> None:
    runs, tool = Runs(journal), Tool()
    await runs.once(call(), tool)
    answer = await runs.once(call(name="stop"), tool)
    assert answer == {"success": False, "error": "This device noted another tool, play, under this call's claim."}
    assert tool.runs == 1


async def test_what_cannot_be_noted_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    tool = Tool()
    with pytest.raises(JournalError):
        await Runs(Journal(tmp_path / "file" / "runs.db")).once(call(), tool)
    assert tool.runs == 0


async def test_a_result_that_cannot_be_noted_is_given_all_the_same(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise JournalError("The disk is full.")

    monkeypatch.setattr(journal, "finish", fail)
    runs, tool = Runs(journal), Tool()
    assert await runs.once(call(), tool) == {"success": True, "number": 1}
    assert "could not be kept" in caplog.text
    assert (await runs.once(call(), tool))["success"] is False
