"""What the gate is told about a call that it asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from shared.json_types import JsonObject


@dataclass(frozen=True, slots=True)
class Go:
    """The call is claimed: it runs now, once, with ``arguments``; ``is_edited`` when the person changed them."""

    arguments: JsonObject
    is_edited: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """The call does not run: the model gets ``result`` in its stead, a refusal or what was stored before."""

    result: JsonObject


Verdict: TypeAlias = Go | Given

EDITED = "edited_by_user"
_NOTE = "The user changed the arguments before the tool ran; it ran with those in edited_by_user."


def told_of_edits(result: JsonObject, go: Go) -> JsonObject:
    """``result`` as the model is given it: if the person changed the arguments, it says so, once."""
    if not go.is_edited or EDITED in result:
        return result
    return {**result, EDITED: go.arguments, "note": _NOTE}
