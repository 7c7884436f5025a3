"""Halves of surrogate pairs, which JSON can spell though they are no characters: mended, or refused where it matters.

A half that is mended becomes U+FFFD, as all of them do. In a text that is only read that is good enough; of two keys
of the shared state, or two people, it would make one.
"""

from __future__ import annotations

import json
import re

from shared.acp_names import (
    META_IDENTITY,
    METHOD_STATE_DELETE,
    METHOD_STATE_GET,
    METHOD_STATE_LIST,
    METHOD_STATE_SET,
)
from shared.errors import BadRequestError
from shared.json_types import JsonObject, JsonValue

OF_STATE = frozenset(
    f"_{method}" for method in (METHOD_STATE_LIST, METHOD_STATE_GET, METHOD_STATE_SET, METHOD_STATE_DELETE)
)
REPLACEMENT = "\ufffd"
_HALF = re.compile("[\ud800-\udfff]")


def without_halves(message: JsonObject) -> JsonObject:
    """``message`` with U+FFFD in place of each half that stands alone.

    Raises:
        BadRequestError: if there is one in what is asked of the shared state, or in the name of a person.
    """
    params = message.get("params")
    told: JsonObject = params if isinstance(params, dict) else {}
    if message.get("method") in OF_STATE and _has_half(told):
        raise _refused("the shared state keeps what it is given as it is")
    meta = told.get("_meta")
    if isinstance(meta, dict) and _has_half(meta.get(META_IDENTITY)):
        raise _refused("who is meant must be certain")
    mended: JsonObject = json.loads(_HALF.sub(REPLACEMENT, _text(message)))
    return mended


def _has_half(value: JsonValue) -> bool:
    return _HALF.search(_text(value)) is not None


def _text(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)


def _refused(reason: str) -> BadRequestError:
    return BadRequestError(
        "The request holds one half of a surrogate pair without the other, which is no character. It is not replaced, "
        f"because {reason}: send whole characters."
    )
