"""What is remembered, recalled and forgotten: for one person, in every conversation of theirs."""

from __future__ import annotations

import difflib
import threading

import pytest

from server.agent.history import WindowedHistory
from server.agent.runner import AdkAgent
from server.agent.tools.recall import MAX_COMPARED, MAX_LISTED, nothing_under
from shared.errors import StateError
from shared.frames import Choice
from shared.json_types import JsonObject
from tests.server.agent.talks import answer, results, say
from tests.server.services_for_tests import ADA, ADA_OF_ACME, BOB, Setup, begun
from tests.server.tab_for_tests import TabForTests, reject


class Memories:
    """One server, and a tab of its own for each conversation."""

    def __init__(self, history: WindowedHistory) -> None:
        self.setup = Setup(AdkAgent(session_service=history, model_name="demo"))

    async def ask(self, text: str, who: object = ADA, tab: TabForTests | None = None) -> tuple[JsonObject, str]:
        """The last tool's result, and what the agent says; in a new conversation."""
        tab = tab or TabForTests()
        await say(begun(self.setup.sessions, who, tab), text)  # type: ignore[arg-type]  # an identity
        result = results(tab)[-1].result
        assert result is not None
        return result, answer(tab)


async def test_what_one_conversation_remembers_another_one_recalls(history: WindowedHistory) -> None:
    memories = Memories(history)
    result, said = await memories.ask("Remember that my colour is blue")
    assert result == {"success": True, "key": "colour", "value": "blue"}
    assert said == "I will remember colour: blue."
    result, said = await memories.ask("What do you remember about my colour?")
    assert result == {"success": True, "key": "colour", "value": "blue"}
    assert said == "You told me colour: blue."
    assert await memories.setup.services.states.of(ADA, None).get("memory") == {"colour": "blue"}


async def test_any_value_comes_back_as_it_went_in(history: WindowedHistory) -> None:
    memories = Memories(history)
    await memories.ask('/tool remember {"key": "mixed", "value": {"one": 1, "float": 1.0, "yes": true, "list": []}}')
    result, _ = await memories.ask("recall mixed")
    assert repr(result["value"]) == "{'one': 1, 'float': 1.0, 'yes': True, 'list': []}"


async def test_nobody_else_recalls_it(history: WindowedHistory) -> None:
    memories = Memories(history)
    await memories.ask("Remember that my colour is blue")
    for who in (BOB, ADA_OF_ACME):
        result, _ = await memories.ask("recall colour", who)
        assert result == {"success": False, "error": "Nothing is remembered under 'colour'."}
        result, said = await memories.ask("what do you remember?", who)
        assert result == {"success": True, "keys": [], "count": 0}
        assert said == "You have not told me to remember anything yet."


async def test_a_name_nearly_right_is_answered_with_the_right_one(history: WindowedHistory) -> None:
    memories = Memories(history)
    await memories.ask("Remember that my Colour is blue")
    result, _ = await memories.ask("recall color")
    assert result["error"] == "Nothing is remembered under 'color'. Did you mean Colour?"


async def test_forgetting_asks_and_a_no_keeps_it(history: WindowedHistory) -> None:
    memories = Memories(history)
    await memories.ask("Remember that my colour is blue")
    await memories.ask("Remember that my tea is green")
    tab = TabForTests(decide=reject)
    result, _ = await memories.ask("forget my colour", tab=tab)
    assert [asked.name for asked in tab.asked] == ["forget"]
    assert result["success"] is False
    assert (await memories.ask("recall colour"))[0]["success"] is True

    async def allow(_: object) -> Choice:
        return Choice.ALLOW_ONCE

    result, said = await memories.ask("forget my colour", tab=TabForTests(decide=allow))
    assert result == {"success": True, "key": "colour", "forgotten": True}
    assert said == "I forgot colour."
    assert (await memories.ask("recall colour"))[0]["success"] is False
    result, _ = await memories.ask("forget my colour")
    assert result == {"success": False, "error": "Nothing is remembered under 'colour'."}
    assert (await memories.ask("recall tea"))[0]["value"] == "green"


async def test_what_cannot_be_kept_is_a_sentence_and_the_turn_goes_on(history: WindowedHistory) -> None:
    memories = Memories(history)
    for arguments, sentence in (
        ('{"key": "big", "value": "%s"}' % ("x" * 300_000), "at most 262,144 bytes"),
        ('{"key": "%s", "value": 1}' % ("k" * 201), "1 to 200 characters"),
        ('{"key": "nothing"}', "value is missing"),
        ('{"key": "", "value": 1}', "key is missing"),
        ('{"key": 7, "value": 1}', "key is missing"),
        ('{"value": 1}', "key is missing"),
        ('{"key": "nan", "value": NaN}', "no JSON number"),
    ):
        result, said = await memories.ask(f"/tool remember {arguments}")
        assert result["success"] is False
        assert sentence in str(result["error"])
        assert said.startswith("remember did not work:")
    assert await memories.setup.services.states.of(ADA, None).list_states() == []


async def test_nothing_is_a_value_too(history: WindowedHistory) -> None:
    memories = Memories(history)
    await memories.ask('/tool remember {"key": "pet", "value": null}')
    assert (await memories.ask("recall pet"))[0] == {"success": True, "key": "pet", "value": None}
    assert (await memories.ask("what do you remember"))[0] == {"success": True, "keys": ["pet"], "count": 1}


async def test_when_all_that_is_remembered_is_too_much_the_sentence_says_what_to_do(history: WindowedHistory) -> None:
    memories = Memories(history)
    state = memories.setup.services.states.of(ADA, None)
    for number in range(2):
        await state.update_field("memory", f"long {number}", "x" * 130_000)
    result, _ = await memories.ask('/tool remember {"key": "third", "value": "%s"}' % ("x" * 3_000))
    assert result == {
        "success": False,
        "error": "There is no room for that: all that is remembered takes at most 262,144 bytes, and with this it "
        "would take 263,036. Forget something first, or remember less.",
    }
    await memories.ask("forget long 0")
    result, _ = await memories.ask('/tool remember {"key": "third", "value": "%s"}' % ("x" * 3_000))
    assert result["success"] is True


async def test_many_names_are_listed_in_part_and_counted_in_full(history: WindowedHistory) -> None:
    memories = Memories(history)
    names = {f"name {number:03}": number for number in range(MAX_LISTED + 50)}
    await memories.setup.services.states.of(ADA, None).upsert("memory", {**names})
    result, said = await memories.ask("what do you remember?")
    assert result == {"success": True, "keys": sorted(names)[:MAX_LISTED], "count": MAX_LISTED + 50}
    assert said.startswith("I remember 250 things: name 000, name 001")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("COLOUR", "colour"),
        ("favorite", "favourite tea"),
        ("x" * MAX_COMPARED + "y" * 9, "x" * MAX_COMPARED + "z" * 160),
    ],
    ids=["another case", "some of it", "only its start counts, so that a search is short"],
)
def test_a_name_is_like_another_one(wrong: str, right: str) -> None:
    assert nothing_under(wrong, {right: 1}) == f"Nothing is remembered under {wrong!r}. Did you mean {right}?"


def test_at_most_three_names_are_said_and_none_that_is_not_like_it() -> None:
    sentence = nothing_under("name 9", {**{f"name {number}": 1 for number in range(6)}, "colour": 2})
    assert sentence.count("name") == 4
    assert "colour" not in sentence
    assert nothing_under("bread", {"butter": 1}) == "Nothing is remembered under 'bread'."


async def test_a_search_for_names_like_it_does_not_stop_the_other_tabs(
    history: WindowedHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[threading.Thread] = []
    honest = difflib.get_close_matches

    def seen(*arguments: object, **options: object) -> list[str]:
        searched.append(threading.current_thread())
        return honest(*arguments, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(difflib, "get_close_matches", seen)
    memories = Memories(history)
    await memories.ask("remember colour: blue")
    for text in ("recall color", "forget color"):
        result, _ = await memories.ask(text)
        assert result["error"] == "Nothing is remembered under 'color'. Did you mean colour?"
    assert len(searched) == 2
    assert threading.current_thread() not in searched


async def test_a_storage_that_fails_is_a_sentence_and_the_turn_goes_on(
    history: WindowedHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StateError("The shared state cannot be reached now.")

    memories = Memories(history)
    for name in ("read", "swap"):
        monkeypatch.setattr(memories.setup.stores.state, name, fail)
    for text, tool in (("remember a: 1", "remember"), ("recall a", "recall"), ("forget a", "forget")):
        result, said = await memories.ask(text)
        assert result == {"success": False, "error": "The shared state cannot be reached now."}
        assert said == f"{tool} did not work: The shared state cannot be reached now."
