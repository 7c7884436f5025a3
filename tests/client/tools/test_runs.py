"""Each claimed call runs once on this device, however often it is asked for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from client.tools.journal import Journal, JournalError, JournalReplacedError
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


class HeldUp(Journal):
    """Notes the end of a run only when it is let."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.is_held_up, self.goes_on = threading.Event(), threading.Event()

    def finish(self, claim: ClaimId, result: JsonObject) -> None:
        self.is_held_up.set()
        assert self.goes_on.wait(10)
        super().finish(claim, result)


def call(claim: str = "one", name: str = "play") -> ToolCalled:
    return ToolCalled(SessionId("s"), ToolCallId("the same for all"), name, {}, ClaimId(claim))


async def once(runs: Runs, called: ToolCalled, tool: Tool) -> JsonObject:
    """As a tab does that was announced just now."""
    return await runs.once(called, tool, await runs.journal_id())


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "runs.db")
    yield journal
    journal.close()


async def test_a_repeat_gets_what_the_run_gave_and_another_claim_runs_anew(journal: Journal) -> None:
    runs, tool = Runs(journal), Tool()
    first = await once(runs, call(), tool)
    assert [await once(runs, call(), tool), await once(Runs(journal), call(), tool)] == [first, first]
    assert await once(runs, call("two"), tool) == {"success": True, "number": 2}
    assert tool.runs == 2


async def test_repeats_while_it_runs_wait_for_the_one_run(journal: Journal) -> None:
    runs, tool = Runs(journal), Tool()
    tool.may_end.clear()
    asked = [asyncio.create_task(once(runs, call(), tool)) for _ in range(8)]
    while not tool.runs:
        await asyncio.sleep(0.001)
    tool.may_end.set()
    assert await asyncio.gather(*asked) == [{"success": True, "number": 1}] * 8
    assert tool.runs == 1
    assert not runs._under_way


async def test_a_connection_that_breaks_ends_no_run_and_the_next_one_gets_its_result(journal: Journal) -> None:
    runs, tool = Runs(journal), Tool()
    tool.may_end.clear()
    asked = asyncio.create_task(once(runs, call(), tool))
    while not tool.runs:
        await asyncio.sleep(0.001)
    asked.cancel()
    await asyncio.wait({asked})
    tool.may_end.set()
    assert await once(runs, call(), tool) == {"success": True, "number": 1}


async def test_what_was_begun_and_never_ended_may_have_run_and_does_not_run_again(journal: Journal) -> None:
    runs, tool = Runs(journal), Tool()
    tool.may_end.clear()
    asked = asyncio.create_task(once(runs, call(), tool))
    while not tool.runs:
        await asyncio.sleep(0.001)
    await runs.close()
    await asyncio.wait({asked})
    error = "play was begun on this device and it is not known how it ended. It may have run."
    assert await once(Runs(journal), call(), tool) == {"success": False, "error": error}
    assert tool.runs == 1


async def test_what_a_run_gave_is_noted_though_the_program_ends_at_that_very_moment(tmp_path: Path) -> None:
    journal = HeldUp(tmp_path / "runs.db")
    runs, tool = Runs(journal), Tool()
    running = asyncio.create_task(once(runs, call(), tool))
    await asyncio.to_thread(journal.is_held_up.wait, 10)
    closing = asyncio.create_task(runs.close())
    await asyncio.wait({closing}, timeout=0.05)
    assert not closing.done()
    journal.goes_on.set()
    await closing
    await asyncio.gather(running, return_exceptions=True)
    journal.close()
    assert await once(Runs(Journal(journal.path)), call(), tool) == {"success": True, "number": 1}
    assert tool.runs == 1


async def test_a_result_is_noted_though_no_thread_was_free_for_it_when_the_program_ended(journal: Journal) -> None:
    runs, tool = Runs(journal), Tool()
    tool.may_end.clear()
    running = asyncio.create_task(once(runs, call(), tool))
    while not tool.runs:
        await asyncio.sleep(0.001)
    let_go = threading.Event()
    with ThreadPoolExecutor(1) as crowded:
        asyncio.get_running_loop().set_default_executor(crowded)
        crowded.submit(let_go.wait, 10)
        tool.may_end.set()
        for _ in range(5):
            await asyncio.sleep(0)
        closing = asyncio.create_task(runs.close())
        await asyncio.sleep(0.01)
        let_go.set()
        await closing
        await asyncio.gather(running, return_exceptions=True)
        assert await once(Runs(journal), call(), tool) == {"success": True, "number": 1}


async def test_a_claim_of_another_tool_runs_nothing(journal: Journal) -> None:
    runs, tool = Runs(journal), Tool()
    await once(runs, call(), tool)
    answer = await once(runs, call(name="stop"), tool)
    assert answer == {"success": False, "error": "This device noted another tool, play, under this call's claim."}
    assert tool.runs == 1


async def test_what_cannot_be_noted_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    tool = Tool()
    with pytest.raises(JournalError):
        await once(Runs(Journal(tmp_path / "file" / "runs.db")), call(), tool)
    assert tool.runs == 0


async def test_a_result_that_cannot_be_noted_is_given_all_the_same(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise JournalError("The disk is full.")

    monkeypatch.setattr(journal, "finish", fail)
    runs, tool = Runs(journal), Tool()
    assert await once(runs, call(), tool) == {"success": True, "number": 1}
    assert "could not be kept" in caplog.text
    assert (await once(runs, call(), tool))["success"] is False


async def test_while_the_journal_cannot_be_opened_the_id_is_this_programs_and_nothing_claimed_for_it_ever_runs(
    tmp_path: Path,
) -> None:
    tool, path = Tool(), tmp_path / "folder" / "runs.db"
    path.parent.touch()
    journal = Journal(path)
    runs = Runs(journal)
    stand_in = await runs.journal_id()
    assert await runs.journal_id() == stand_in
    assert await Runs(journal).journal_id() != stand_in
    path.parent.unlink()
    with pytest.raises(JournalReplacedError):
        await runs.once(call(), tool, stand_in)
    assert tool.runs == 0
    assert await runs.journal_id() == journal.read_id()
    journal.close()
