"""The agent's todos: kept, told to the tab, and in the right form only."""

from __future__ import annotations

from typing import Any

import pytest

from server.agent.history import WindowedHistory
from server.agent.runner import AdkAgent
from server.agent.tools.update_todos import read_todos
from server.core.tool_failure import ToolFailedError
from shared.frames import TodosChanged
from shared.todos import Todo
from tests.server.agent.talks import answer, say
from tests.server.services_for_tests import ADA, Setup, begun
from tests.server.tab_for_tests import TabForTests


async def test_a_plan_is_kept_and_told_without_asking(history: WindowedHistory) -> None:
    setup, tab = Setup(AdkAgent(session_service=history, model_name="demo")), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    await say(talk, "plan: buy milk, write tests")
    todos = (Todo("buy milk", "in_progress"), Todo("write tests", "pending"))
    assert [update for update in tab.updates if isinstance(update, TodosChanged)] == [TodosChanged(todos)]
    assert talk.context.todos == todos
    assert setup.conversations.kept[ADA, talk.context.session_id].todos == todos
    assert answer(tab) == "The list has 2 things to do, 0 of them done."
    assert tab.asked == []


def test_what_an_item_leaves_out_is_pending_and_medium() -> None:
    assert read_todos([{"content": "one"}, {"content": "two", "status": "completed", "priority": "high"}]) == (
        Todo("one", "pending", "medium"),
        Todo("two", "completed", "high"),
    )
    assert read_todos([]) == ()


@pytest.mark.parametrize(
    "items",
    [
        None,
        "buy milk",
        [{}],
        [{"content": 1}],
        [{"content": " "}],
        [{"content": "x" * 501}],
        [{"content": "two\nlines"}],
        [{"content": "\x1b[31m"}],
        [{"content": "a", "status": "done"}],
        [{"content": "a", "priority": 1}],
        [{"content": "a"}] * 101,
    ],
)
def test_another_form_is_refused_with_a_sentence(items: Any) -> None:
    with pytest.raises(ToolFailedError, match=r"items|Item \d"):
        read_todos(items)


def test_the_sentence_says_which_words_there_are_and_which_item_has_another() -> None:
    with pytest.raises(ToolFailedError) as told:
        read_todos([{"content": "a"}, {"content": "b", "status": "done"}])
    sentence = str(told.value)
    assert "a status (pending, in_progress, completed) and a priority (high, medium, low)." in sentence
    assert sentence.endswith("Invalid enum value 'done' - at `$[1].status`.")


def test_a_hundred_things_of_five_hundred_characters_are_kept() -> None:
    assert len(read_todos([{"content": "x" * 500}] * 100)) == 100


async def test_a_new_list_replaces_the_earlier_one_and_an_empty_one_clears_it(history: WindowedHistory) -> None:
    setup, tab = Setup(AdkAgent(session_service=history, model_name="demo")), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    await say(talk, "plan: buy milk, write tests")
    await say(
        talk, '/tool update_todos {"items": [{"content": "buy milk", "status": "completed", "priority": "high"}]}'
    )
    await say(talk, '/tool update_todos {"items": []}')
    told = [update.todos for update in tab.updates if isinstance(update, TodosChanged)]
    assert told[1:] == [(Todo("buy milk", "completed", "high"),), ()]
    assert talk.context.todos == setup.conversations.kept[ADA, talk.context.session_id].todos == ()


async def test_a_list_of_another_form_changes_nothing_and_the_turn_goes_on(history: WindowedHistory) -> None:
    setup, tab = Setup(AdkAgent(session_service=history, model_name="demo")), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    await say(talk, "plan: buy milk")
    end = await say(talk, '/tool update_todos {"items": [{"content": "a"}, {"content": ""}]}')
    assert end.problem is None
    assert talk.context.todos == (Todo("buy milk", "in_progress"),)
    said = answer(tab)
    assert said.endswith(
        "update_todos did not work: Item 2: the content has 1 to 500 printable characters on one line."
    )


async def test_a_list_that_cannot_be_stored_is_a_sentence_and_the_turn_goes_on(history: WindowedHistory) -> None:
    setup, tab = Setup(AdkAgent(session_service=history, model_name="demo")), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    setup.ledger.forgets = True
    end = await say(talk, "plan: buy milk")
    assert end.problem is None
    assert answer(tab) == "update_todos did not work: The database failed."
