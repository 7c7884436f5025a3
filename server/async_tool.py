"""What people write their own tools with: a class whose fields are the arguments, and which finds its state itself."""

from __future__ import annotations

import inspect
import re
from typing import ClassVar, get_args

from pydantic import BaseModel, ConfigDict
from pydantic.errors import PydanticUserError

from server.context import current_turn
from server.core.argument_schema import NOT_AN_OBJECT, argument_schema
from server.state.shared_state import SharedState
from server.state.sync_state import SyncSharedState
from shared.errors import UsageError
from shared.json_types import JsonObject, JsonValue
from shared.tool_spec import NAME_RULE, TOOL_NAME, ToolKind, ToolSpec

_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class AsyncBaseTool(BaseModel):
    """A tool of your own. Its docstring tells the model what it does, and its fields are the arguments.

    Override either ``async def _arun(self)``, which has the person's shared state as ``self.ss``, or ``def run(self)``,
    which runs in a thread and has the same operations under their sync names, such as ``self.update_field``. Return
    a JSON object, or any other JSON value. What is raised is logged, and the model is told no more than that the tool
    failed; but of ``StateError``, and of ``server.core.tool_failure.ToolFailedError``, it is told the sentence.

    The tool is called as the class is, in snake_case: ``SyncTally`` is ``sync_tally``. Each of the names below can be
    given in the class instead.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    tool_name: ClassVar[str] = ""
    """What the model calls it."""

    tool_title: ClassVar[str] = ""
    """What the person reads; made from the name if left out."""

    tool_kind: ClassVar[ToolKind] = "other"
    """ACP's word for what kind of thing it does."""

    tool_risk: ClassVar[str] = "Runs in the server. What it does there is not known to Ringback."
    """What it can do to the person who is asked, in one sentence."""

    async def _arun(self) -> object:
        """Do the work, on the event loop: whatever takes long must be awaited."""
        raise NotImplementedError

    def run(self) -> object:
        """Do the work, in a thread: it may block. When the person cancels it goes on, but finds no state any more."""
        raise NotImplementedError

    @property
    def ss(self) -> SharedState:
        """The shared state of the person who acts, for ``_arun``.

        Raises:
            LookupError: outside of a turn.
        """
        return current_turn().shared_state

    # --- the same for ``run``; each raises ``LookupError`` as ``ss`` does, and ``StateError`` if it was not done -----

    def upsert_state(self, key: str, data: JsonObject, *, ttl: float | None = None) -> bool:
        """Keep ``data`` under ``key`` in place of what was there; gone after ``ttl`` seconds, if given."""
        return _sync_state().upsert_state(key, data, ttl=ttl)

    def get_state(self, key: str) -> JsonObject | None:
        """What is kept under ``key``."""
        return _sync_state().get_state(key)

    def get_field(self, key: str, field: str) -> JsonValue:
        """One field of what is kept under ``key``; ``None`` if there is none."""
        return _sync_state().get_field(key, field)

    def update_field(self, key: str, field: str, value: JsonValue) -> bool:
        """Keep ``value`` in one field and leave the others as they are."""
        return _sync_state().update_field(key, field, value)

    def delete_field(self, key: str, field: str) -> int:
        """Take one field away; how many were there: 0 or 1."""
        return _sync_state().delete_field(key, field)

    def delete_state(self, key: str) -> int:
        """Take away what is kept under ``key``; how much was there: 0 or 1."""
        return _sync_state().delete_state(key)

    def state_exists(self, key: str) -> bool:
        """Whether something is kept under ``key``."""
        return _sync_state().state_exists(key)

    def list_states(self) -> list[str]:
        """The keys, sorted."""
        return _sync_state().list_states()

    def clear_all_states(self) -> int:
        """Take everything away; how many keys there were."""
        return _sync_state().clear_all_states()


def is_async(tool: type[AsyncBaseTool]) -> bool:
    """Whether ``tool`` has its work in ``_arun``."""
    return tool._arun is not AsyncBaseTool._arun  # noqa: SLF001  (people override it, as its docstring says)


def spec_of(tool: type[AsyncBaseTool]) -> ToolSpec:
    """What there is to know about ``tool`` before it runs.

    Raises:
        UsageError: if it cannot be a tool as it is written; the sentence says why.
    """
    _check_work(tool)
    name = tool.tool_name or _WORD_STARTS.sub("_", tool.__name__).lower()
    if not TOOL_NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a tool: a name {NAME_RULE}. Give another one as tool_name.")
    if tool.tool_kind not in get_args(ToolKind):
        raise UsageError(f"Its tool_kind is one of {', '.join(get_args(ToolKind))}, not {tool.tool_kind!r}.")
    if not (tool.__doc__ or "").strip():
        raise UsageError("It has no docstring; the model needs one to know what it does.")
    return ToolSpec(
        name=name,
        title=tool.tool_title or name.replace("_", " ").strip().capitalize(),
        description=inspect.cleandoc(tool.__doc__ or ""),
        input_schema=_schema(tool),
        kind=tool.tool_kind,
        risk=tool.tool_risk,
    )


def _check_work(tool: type[AsyncBaseTool]) -> None:
    # A field of such a name would hide what is inherited, and take it for its own default.
    hidden = sorted({*tool.model_fields} & {*dir(AsyncBaseTool)})
    if hidden:
        raise UsageError(
            f"The field {hidden[0]} has the name of something that every tool has. Call it otherwise; with "
            f'Field(alias="{hidden[0]}"), the model still sees this name.'
        )
    has_run = tool.run is not AsyncBaseTool.run
    if has_run is is_async(tool):
        raise UsageError(
            "It overrides both run and _arun. Keep one of them."
            if has_run
            else "It overrides neither run nor _arun, so there is nothing that it does."
        )
    work = inspect.unwrap(tool.run if has_run else tool._arun)  # noqa: SLF001  (as above)
    if inspect.iscoroutinefunction(work) is has_run:
        raise UsageError(
            "Its run is async. Call it _arun."
            if has_run
            else "Its _arun is not async. Write async def, or call it run."
        )


def _schema(tool: type[AsyncBaseTool]) -> JsonObject:
    try:
        schema = argument_schema(tool.model_json_schema())
    except PydanticUserError as error:
        raise UsageError(f"Its arguments cannot be described to a model: {error.message}") from error
    if schema.get("type") != "object":
        raise UsageError(NOT_AN_OBJECT)
    return schema


def _sync_state() -> SyncSharedState:
    turn = current_turn()
    return SyncSharedState(turn.shared_state, turn.loop)
