"""Calls whose arguments the person changed: they run with those, and the model is told."""

from __future__ import annotations

import pytest

from server.agent.history import WindowedHistory
from server.core.desk_events import Requested
from server.core.verdict import EDITED, Go, Verdict
from shared.errors import StorageError
from shared.json_types import JsonObject
from tests.server.agent.stopped_turns import ApprovalsForTests, agent_of, events_of, play, turn_of
from tests.server.tab_for_tests import TabForTests

NOTE = "The user changed the arguments before the tool ran; it ran with those in edited_by_user."


def edited(**arguments: int | str) -> ApprovalsForTests:
    async def edit(_: Requested) -> Verdict:
        return Go(dict(arguments), is_edited=True)

    return ApprovalsForTests(edit)


async def given_to_the_model(history: WindowedHistory) -> JsonObject:
    (given,) = [given for event in await events_of(history) for given in event.get_function_responses()]
    return given.response or {}


async def test_the_tab_runs_the_changed_arguments_and_the_model_is_told(history: WindowedHistory) -> None:
    tab, approvals = TabForTests(), edited(track=3)
    await play(agent_of(history), await turn_of('/tool change_bgm {"track": 1}', tab=tab, approvals=approvals))
    assert [call.arguments for call in tab.called] == [{"track": 3}]
    result = await given_to_the_model(history)
    assert result == {"success": True, "track": 3, EDITED: {"track": 3}, "note": NOTE}
    assert [settled for _, settled, _ in approvals.settled] == [result], "what is stored is what the model was given"
    (asked,) = [call for event in await events_of(history) for call in event.get_function_calls()]
    assert asked.args == {"track": 1}, "what the model asked for stays"
    assert approvals.requested[0].arguments == {"track": 1}


async def test_a_tool_of_the_server_runs_the_changed_arguments(history: WindowedHistory) -> None:
    approvals = edited(expression="1+1")
    await play(agent_of(history), await turn_of('/tool calculate {"expression": "6*7"}', approvals=approvals))
    result = await given_to_the_model(history)
    assert (result["result"], result[EDITED]) == (2, {"expression": "1+1"})


async def test_a_tool_that_raises_says_too_what_it_ran_with(history: WindowedHistory) -> None:
    async def fail(_: JsonObject) -> JsonObject:
        raise RuntimeError("password=hunter2")

    approvals = edited(speed=1)
    await play(agent_of(history, fail), await turn_of("/tool dawdle {}", approvals=approvals))
    result = await given_to_the_model(history)
    assert (result["success"], result[EDITED], result["note"]) == (False, {"speed": 1}, NOTE)
    assert [(settled, failed) for _, settled, failed in approvals.settled] == [(result, True)]


async def test_a_call_as_the_model_asked_for_it_has_no_such_note(history: WindowedHistory) -> None:
    await play(agent_of(history), await turn_of('/tool change_bgm {"track": 1}'))
    assert await given_to_the_model(history) == {"success": True, "track": 1}


async def test_a_result_that_cannot_be_committed_is_given_all_the_same(
    history: WindowedHistory, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(ApprovalsForTests):
        async def settle(self, *_: object, **__: object) -> None:
            raise StorageError("The database failed.")

    await play(agent_of(history), await turn_of('/tool change_bgm {"track": 1}', approvals=Broken()))
    assert await given_to_the_model(history) == {"success": True, "track": 1}
    assert "could not be settled" in caplog.text
