"""What a client announces in ``initialize``, checked: its device and the frontend tools it offers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from server.core.policy_rules import ONLY_EXACTLY
from shared.acp_names import META_DEVICE, META_TOOLS
from shared.catalog import FRONTEND_TOOLS
from shared.errors import BadRequestError
from shared.frames import Device
from shared.json_types import JsonObject, JsonValue
from shared.tool_spec import NAME_RULE, OF_ADK, TOOL_NAME, ToolSpec

MAX_TOOLS = 64
MAX_DESCRIPTION = 4000
MAX_SCHEMA = 16_384
"""Longest schema of one tool, in bytes of JSON."""
MAX_WORD = 128
"""Longest id, label or kind of a device."""
KNOWN = {spec.name: spec for spec in FRONTEND_TOOLS}


@dataclass(frozen=True, slots=True)
class Announcement:
    """A client's introduction. ``speaks_ringback``: it knows our additions; ``lends``: it lends ACP's own methods."""

    device: Device
    tools: Mapping[str, ToolSpec]
    speaks_ringback: bool
    lends: bool


class _Device(msgspec.Struct):
    id: str
    label: str
    kind: str


class _Tool(msgspec.Struct, rename="camel"):
    name: str
    description: str = ""
    input_schema: dict[str, object] = msgspec.field(default_factory=lambda: {"type": "object"})


def read_announcement(
    meta: Mapping[str, JsonValue], *, label: str, lent: Mapping[str, ToolSpec], reserved: AbstractSet[str]
) -> Announcement:
    """What ``clientCapabilities._meta`` says; ``label`` is the device's if it names none.

    ``reserved`` are the server's own tools: a tab's tool of such a name would run under their rules.

    A client without tools of ours offers those of ``lent``, what ACP's own methods do there.

    Raises:
        BadRequestError: if a device or a tool does not have the right shape, or there are too many.
    """
    speaks = META_DEVICE in meta or META_TOOLS in meta
    tools = _tools(meta[META_TOOLS], reserved) if META_TOOLS in meta else {}
    borrows = bool(lent) and not tools
    if borrows:
        tools = dict(lent)
    device = _device(meta[META_DEVICE]) if META_DEVICE in meta else Device("", _short(label) or "ACP client", "other")
    return Announcement(device, tools, speaks_ringback=speaks, lends=borrows)


def _device(value: JsonValue) -> Device:
    told = _read(value, _Device, META_DEVICE)
    for word in (told.id, told.label, told.kind):
        if not word or len(word) > MAX_WORD or not word.isprintable():
            raise BadRequestError(f"{META_DEVICE}: each word has 1 to {MAX_WORD} printable characters.")
    return Device(told.id, told.label, told.kind)


def _tools(value: JsonValue, reserved: AbstractSet[str]) -> dict[str, ToolSpec]:
    if not isinstance(value, list) or len(value) > MAX_TOOLS:
        raise BadRequestError(f"{META_TOOLS} is a list of at most {MAX_TOOLS} tools.")
    specs = [_spec(_read(tool, _Tool, META_TOOLS)) for tool in value]
    tools = {spec.name: spec for spec in specs}
    if len(tools) < len(specs):
        raise BadRequestError(f"{META_TOOLS}: two tools have the same name.")
    for name in tools:
        if name in reserved:
            raise BadRequestError(f"{META_TOOLS}: {name} is a tool of the server's own. Choose another name.")
    return tools


def _spec(tool: _Tool) -> ToolSpec:
    if not TOOL_NAME.fullmatch(tool.name):
        raise BadRequestError(f"{META_TOOLS}: a name {NAME_RULE}.")
    if tool.name.startswith(OF_ADK):
        raise BadRequestError(f"{META_TOOLS}: names that begin with {OF_ADK} are taken. Give {tool.name} another name.")
    if len(tool.description) > MAX_DESCRIPTION:
        raise BadRequestError(f"{META_TOOLS}: {tool.name} is described in more than {MAX_DESCRIPTION} characters.")
    if tool.input_schema.get("type") != "object":
        raise BadRequestError(f'{META_TOOLS}: the inputSchema of {tool.name} is a JSON Schema of "type": "object".')
    if len(json.dumps(tool.input_schema)) > MAX_SCHEMA:
        raise BadRequestError(f"{META_TOOLS}: the inputSchema of {tool.name} is longer than {MAX_SCHEMA} bytes.")
    schema: JsonObject = msgspec.to_builtins(tool.input_schema)
    known = KNOWN.get(tool.name)
    # By its name, whatever the client says: an "always" for it covers the very arguments alone.
    only_exactly = tool.name in ONLY_EXACTLY or (known is not None and known.only_exactly)
    if known is None:
        return ToolSpec(tool.name, tool.name, tool.description, schema, only_exactly=only_exactly)
    return replace(known, description=tool.description, input_schema=schema, only_exactly=only_exactly)


Shape = TypeVar("Shape")


def _read(value: JsonValue, shape: type[Shape], name: str) -> Shape:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise BadRequestError(f"{name} has a wrong shape: {error}.") from error


def _short(label: str) -> str:
    return "".join(character for character in label if character.isprintable())[:MAX_WORD].strip()
