"""JSON-RPC messages as text: what is none is refused before anybody else sees it, whatever is wrong with it."""

from __future__ import annotations

import json
import math
import re

from server.core.json_depth import MAX_DEPTH, is_deep
from shared.errors import BadRequestError
from shared.json_types import JsonObject, JsonValue

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
MAX_DIGITS = 20
"""Longest whole number, sign and digits: what fits into 64 bits, and far more than any of ours."""
PARTS = "{[,"
MAX_PARTS = 100_000
"""So many values can be read without holding up others."""
ANSWER = re.compile(
    r"""\s{0,99}\{(?:\s{0,99}"jsonrpc"\s{0,99}:\s{0,99}"2\.0"\s{0,99},)?\s{0,99}"id"\s{0,99}:\s{0,99}"""
    r"""(?:"([^"\\]{1,99})"|(\d{1,18}))\s{0,99},\s{0,99}"(?:result|error)"\s{0,99}:"""
)
"""How an answer begins, as nearly every program writes it."""
ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""How JSON spells half of a surrogate pair; a whole pair is found as well."""
_HALF = re.compile("[\ud800-\udfff]")


class GarbageError(Exception):
    """A frame that is no JSON-RPC message: the code and sentence of the answer, and the id if it could be read."""

    def __init__(self, code: int, sentence: str, request_id: str | int | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.request_id = request_id


class _NamedTwiceError(ValueError):
    """An object has two values of one name: which of them counts would be anybody's guess."""


def understood(frame: str) -> JsonObject:
    """The JSON-RPC message of a text frame.

    Raises:
        GarbageError: if it is none, or holds characters that are none.
    """
    try:
        message = checked(parse(frame))
    except GarbageError as garbage:
        name = _answered(frame)
        if name is None:
            raise
        # Somebody waits for this answer: refused to them, too.
        return _failed(name, str(garbage))
    if not ESCAPED_HALF.search(frame) or not _HALF.search(json.dumps(message, ensure_ascii=False)):
        return message
    sentence = (
        "The message holds one half of a surrogate pair without the other, which is no character. It is not replaced, "
        "for two different texts would become one: send whole characters."
    )
    if "method" in message or not isinstance(message["id"], (str, int)):
        raise GarbageError(BadRequestError.code, sentence, request_id(message.get("id")))
    # An answer: refused to whoever waits for it, so that nobody waits on.
    return _failed(message["id"], sentence)


def parse(frame: str) -> JsonValue:
    """The JSON of a text frame. Lone surrogates stay in it.

    Raises:
        GarbageError: if it is no JSON, names something twice, holds numbers that are none or too long, or is nested too
            deeply.
    """
    if sum(map(frame.count, PARTS)) > MAX_PARTS:
        raise GarbageError(INVALID_REQUEST, f"The message has more than {MAX_PARTS:,} parts.")
    try:
        value: JsonValue = json.loads(
            frame,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_whole,
            object_pairs_hook=_named_once,
        )
        if frame.count("[") + frame.count("{") > MAX_DEPTH and is_deep(value):
            raise GarbageError(INVALID_REQUEST, f"The message is nested more than {MAX_DEPTH} levels deep.")
    except RecursionError:
        raise GarbageError(INVALID_REQUEST, f"The message is nested more than {MAX_DEPTH} levels deep.") from None
    except _NamedTwiceError:
        raise GarbageError(PARSE_ERROR, "The message has an object with two values of one name.") from None
    except ValueError:
        raise GarbageError(PARSE_ERROR, "The message is not valid JSON.") from None
    return value


def checked(message: JsonValue) -> JsonObject:
    """``message`` as a JSON-RPC message; an answer that makes no sense becomes an error, so that nobody waits on.

    Raises:
        GarbageError: if it is none.
    """
    if isinstance(message, list):
        raise GarbageError(INVALID_REQUEST, "Batches are not supported. Send one message per frame.")
    if not isinstance(message, dict):
        raise GarbageError(INVALID_REQUEST, "A message is a JSON object.")
    name = message.get("id")
    if name is not None and (isinstance(name, bool) or not isinstance(name, (str, int))):
        raise GarbageError(INVALID_REQUEST, "An id is a string or a whole number.")
    if message.get("jsonrpc") != "2.0":
        raise GarbageError(INVALID_REQUEST, 'A message says "jsonrpc": "2.0".', name)
    if "method" in message:
        if not isinstance(message["method"], str):
            raise GarbageError(INVALID_REQUEST, "A method is a string.", name)
        if not isinstance(message.get("params") or {}, dict):
            raise GarbageError(INVALID_REQUEST, "The params are a JSON object.", name)
        return message
    if "id" not in message:
        raise GarbageError(INVALID_REQUEST, "A message has a method or an id.")
    return _checked_answer(message)


def dumped(message: JsonValue) -> str:
    """``message`` as JSON; numbers that JSON does not have (a tool may compute one) are written as words."""
    try:
        return json.dumps(message, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_without_odd_numbers(message), separators=(",", ":"), allow_nan=False)


def request_id(value: JsonValue) -> str | int | None:
    """``value`` if it can be the id of a request."""
    return value if isinstance(value, (str, int)) else None


def _answered(frame: str) -> str | int | None:
    found = ANSWER.match(frame)
    if found is None:
        return None
    return found[1] if found[1] is not None else int(found[2])


def _checked_answer(message: JsonObject) -> JsonObject:
    error = message.get("error")
    if ("result" in message) != ("error" in message) and (error is None or _is_error(error)):
        return message
    return _failed(message["id"], "The answer makes no sense.")


def _failed(name: JsonValue, sentence: str) -> JsonObject:
    error: JsonValue = {"code": INVALID_REQUEST, "message": sentence}
    return {"jsonrpc": "2.0", "id": name, "error": error}


def _is_error(error: JsonValue) -> bool:
    return isinstance(error, dict) and isinstance(error.get("code"), int) and isinstance(error.get("message"), str)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("a number is too long")
    return int(text)


def _named_once(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NamedTwiceError
    return found


def _without_odd_numbers(value: JsonValue) -> JsonValue:
    match value:
        case dict():
            return {key: _without_odd_numbers(child) for key, child in value.items()}
        case list():
            return [_without_odd_numbers(child) for child in value]
        case float() if not math.isfinite(value):
            return str(value)
        case _:
            return value
