"""Classes that people write as tools: what the model is told of them, what they find, and what cannot be one."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Annotated

import pytest
from pydantic import Field

from server.async_tool import AsyncBaseTool, is_async, spec_of
from server.context import bound
from shared.errors import StateError, UsageError
from shared.tool_spec import ToolSpec
from tests.own_tools.probe import Probe, SyncProbe
from tests.own_tools.tally import SyncTally, Tally
from tests.server.context.turn_for_tests import TurnsForTests
from tests.server.services_for_tests import ADA, ADA_OF_ACME, BOB


class Everything(AsyncBaseTool):
    """Say all that can be said.

    In more than one line:
        one
    """

    tool_name = "all_of_it"
    tool_title = "The lot"
    tool_kind = "search"
    tool_risk = "Takes its time."

    title: str
    """What it is about."""
    size: Annotated[int, Field(ge=1, description="How much")] = 1
    kept_copy: bool = Field(default=False, alias="copy")

    def run(self) -> int:
        return 1


class Counting(AsyncBaseTool):
    """Have the work in one place, for several tools."""

    async def _arun(self) -> int:
        return 1


def named(name: str, **attributes: object) -> type[AsyncBaseTool]:
    """A tool of that class name."""
    return type(name, (Counting,), {"__doc__": "Count.", "__module__": __name__, **attributes})


# --- what the model is told ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Probe", "probe"),
        ("SyncProbe", "sync_probe"),
        ("HTTPGet", "http_get"),
        ("GetHTTP", "get_http"),
        ("Top10Songs", "top10_songs"),
        ("Already_Parted", "already_parted"),
        ("lower", "lower"),
    ],
)
def test_a_tool_is_called_as_its_class_is(name: str, expected: str) -> None:
    spec = spec_of(named(name))
    assert spec.name == expected
    assert spec.title == expected.replace("_", " ").capitalize()


def test_what_the_class_says_of_itself_is_what_is_told() -> None:
    assert spec_of(Everything) == ToolSpec(
        name="all_of_it",
        title="The lot",
        description="Say all that can be said.\n\nIn more than one line:\n    one",
        input_schema={
            "type": "object",
            "properties": {
                "title": {"type": "string", "description": "What it is about."},
                "size": {"type": "integer", "minimum": 1, "default": 1, "description": "How much"},
                "copy": {"type": "boolean", "default": False},
            },
            "required": ["title"],
            "additionalProperties": False,
        },
        kind="search",
        risk="Takes its time.",
    )


def test_what_it_does_not_say_has_an_honest_default() -> None:
    spec = spec_of(Tally)
    assert (spec.name, spec.title, spec.kind) == ("tally", "Tally", "other")
    assert spec.risk == "Runs in the server. What it does there is not known to Ringback."


@pytest.mark.parametrize(("tool", "expected"), [(Tally, True), (Probe, True), (SyncTally, False), (SyncProbe, False)])
def test_which_of_the_two_ways_it_is_written_in(tool: type[AsyncBaseTool], expected: bool) -> None:
    assert is_async(tool) is expected


# --- what cannot be a tool ----------------------------------------------------------------------------------


class Neither(AsyncBaseTool):
    """Do nothing."""


class Both(AsyncBaseTool):
    """Do it twice."""

    async def _arun(self) -> int:
        return 1

    def run(self) -> int:
        return 2


class AsyncRun(AsyncBaseTool):
    """Mix it up."""

    async def run(self) -> int:
        return 1


class SyncArun(AsyncBaseTool):
    """Mix it up the other way."""

    def _arun(self) -> int:  # type: ignore[override]  # the mistake
        return 1


class Undescribed(AsyncBaseTool):
    async def _arun(self) -> int:
        return 1


class NotJson(AsyncBaseTool):
    """Take what no model can give."""

    work: Callable[[], int]

    async def _arun(self) -> int:
        return 1


class OfItself(AsyncBaseTool):
    """Take itself."""

    inner: OfItself | None = None

    async def _arun(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("tool", "sentence"),
    [
        (Neither, "overrides neither run nor _arun"),
        (AsyncBaseTool, "overrides neither run nor _arun"),
        (Both, "overrides both run and _arun"),
        (AsyncRun, "run is async. Call it _arun"),
        (SyncArun, "_arun is not async. Write async def"),
        (Undescribed, "has no docstring"),
        (NotJson, "cannot be described to a model"),
        (OfItself, "no JSON object"),
        (named("Zähler"), "'zähler' is no name for a tool"),
        (named("Long" * 17), "is no name for a tool"),
        (named("Dotted", tool_name="a.b"), "'a.b' is no name for a tool"),
        (named("Digit", tool_name="1st"), "Give another one as tool_name"),
        (named("Kind", tool_kind="dance"), "tool_kind is one of read, edit, .*not 'dance'"),
        (named("Blank", __doc__="  \n"), "has no docstring"),
    ],
)
def test_what_cannot_be_a_tool_is_told_in_a_sentence(tool: type[AsyncBaseTool], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        spec_of(tool)


@pytest.mark.parametrize("name", ["run", "ss", "get_state", "tool_name", "copy"])
def test_an_argument_cannot_hide_what_every_tool_has_and_the_way_out_is_told(name: str) -> None:
    with pytest.warns(UserWarning, match="shadows an attribute"):
        hiding = type("Hiding", (Counting,), {"__doc__": "Hide.", "__module__": "m", "__annotations__": {name: str}})
    with pytest.raises(UsageError, match=f'field {name} has the name of .*alias="{name}"'):
        spec_of(hiding)


def test_work_may_be_inherited_and_may_be_wrapped() -> None:
    def traced(work: Callable[..., object]) -> Callable[..., object]:
        @functools.wraps(work)
        def wrapper(self: AsyncBaseTool) -> object:
            return work(self)

        return wrapper

    assert spec_of(named("Inherited")).name == "inherited"
    assert is_async(named("Wrapped", _arun=traced(Counting._arun)))
    assert spec_of(named("Wrapped", _arun=traced(Counting._arun))).name == "wrapped"


# --- what it finds ------------------------------------------------------------------------------------------


async def test_the_state_is_that_of_the_person_whose_turn_it_is() -> None:
    turns, tool = TurnsForTests(), Tally(what="coffee")
    for who in (ADA, BOB, ADA_OF_ACME):
        turn = await turns.of(who)
        with bound(turn):
            assert tool.ss is turn.shared_state
            assert await tool._arun() == {"count": 1}
    with bound(await turns.of(ADA, "another conversation")):
        assert await tool._arun() == {"count": 2}


class AllNine(AsyncBaseTool):
    """Do each of the nine operations."""

    def run(self) -> list[object]:
        return [
            self.upsert_state("tally", {"coffee": 1}),
            self.get_state("tally"),
            self.update_field("tally", "tea", 2),
            self.get_field("tally", "tea"),
            self.delete_field("tally", "coffee"),
            self.state_exists("tally"),
            self.list_states(),
            self.delete_state("tally"),
            self.state_exists("tally"),
            self.upsert_state("other", {"a": 1}, ttl=60),
            self.clear_all_states(),
            self.list_states(),
        ]


async def test_a_sync_tool_has_the_nine_operations_under_their_sync_names() -> None:
    with bound(await TurnsForTests().of()):
        done = await asyncio.to_thread(AllNine().run)
    assert done == [True, {"coffee": 1}, True, 2, 1, True, ["tally"], 1, False, True, 1, []]


async def test_a_time_to_live_reaches_the_state() -> None:
    with bound(await TurnsForTests().of()), pytest.raises(StateError, match="time to live"):
        await asyncio.to_thread(lambda: AllNine().upsert_state("tally", {}, ttl=-1))


ON_SELF: list[Callable[[AsyncBaseTool], object]] = [
    lambda tool: tool.upsert_state("", {}),
    lambda tool: tool.get_state(""),
    lambda tool: tool.get_field("", "a"),
    lambda tool: tool.update_field("", "a", 1),
    lambda tool: tool.delete_field("", "a"),
    lambda tool: tool.delete_state(""),
    lambda tool: tool.state_exists(""),
]


@pytest.mark.parametrize("operation", ON_SELF)
async def test_what_cannot_be_done_raises_and_is_never_false(operation: Callable[[AsyncBaseTool], object]) -> None:
    with bound(await TurnsForTests().of()), pytest.raises(StateError, match="1 to 200 characters"):
        await asyncio.to_thread(operation, AllNine())


async def test_on_the_loop_the_sync_names_are_an_error_at_once_and_no_deadlock() -> None:
    with bound(await TurnsForTests().of()), pytest.raises(StateError, match=r"await self\.ss"):
        AllNine().run()


@pytest.mark.parametrize("find", [lambda tool: tool.ss, lambda tool: tool.list_states()])
def test_outside_of_a_turn_it_says_why_there_is_no_state(find: Callable[[AsyncBaseTool], object]) -> None:
    with pytest.raises(LookupError, match="No turn is bound here"):
        find(AllNine())


async def test_two_tallies_at_the_same_time_lose_nothing() -> None:
    turns = TurnsForTests()

    async def count(number: int) -> object:
        with bound(await turns.of(name=str(number))):
            return await (Tally(what="tea")._arun() if number % 2 else asyncio.to_thread(SyncTally(what="tea").run))

    counted = await asyncio.gather(*(count(number) for number in range(40)))
    assert max(one["count"] for one in counted if isinstance(one, dict)) == 40
