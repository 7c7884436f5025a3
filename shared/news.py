"""What a tab is told beside its conversation: no part of the numbered updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Another tab or device of the person changed their shared state.

    ``key`` is ``None`` when all of it is gone, or when more changed than is told one by one. ``field`` is there when
    one field of what is kept under the key was stored or deleted, and the others are as they were.
    """

    key: str | None
    change: Literal["stored", "deleted", "cleared", "many"]
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence of the server for the person, about no conversation in particular."""

    message: str


@dataclass(frozen=True, slots=True)
class PersonReset:
    """The person's conversations and shared state are gone: what stands in the tab is not known to the agent."""

    message: str


News: TypeAlias = StateChanged | Notice | PersonReset
