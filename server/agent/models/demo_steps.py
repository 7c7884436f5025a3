"""The things that the scripted demo model can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from shared.json_types import JsonObject


@dataclass(frozen=True, slots=True)
class Call:
    """One tool with its arguments."""

    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class Say:
    """Answer with this text."""

    text: str


@dataclass(frozen=True, slots=True)
class CallTools:
    """Ask for these tools, all in one response; afterwards say what they gave."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """Ask for the same call again after each result, up to a bound."""

    call: Call


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for ``seconds``, then answer with ``text``."""

    seconds: float
    text: str


@dataclass(frozen=True, slots=True)
class Fail:
    """Fail as a model fails whose provider is away."""


Step: TypeAlias = Say | CallTools | Loop | Wait | Fail
