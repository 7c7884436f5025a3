"""Frames that nobody should send: made of nothing, or of honest ones with something wrong in them."""

from __future__ import annotations

import json
import random
from typing import Any

from shared import acp_names
from tests.journeys.raw_tab import Message

METHODS = (
    "initialize", "session/new", "session/load", "session/resume", "session/prompt", "session/cancel", "session/close",
    "session/list", "session/set_mode", "session/set_config_option", "authenticate", "fs/read_text_file",
    *(f"_{value}" for name, value in vars(acp_names).items() if name.startswith("METHOD_")),
)  # fmt: skip
META = tuple(value for name, value in vars(acp_names).items() if name.startswith("META_"))
WORDS = (
    "sessionId", "prompt", "cwd", "mcpServers", "protocolVersion", "clientInfo", "clientCapabilities", "_meta", "type",
    "text", "key", "data", "to", "code", "confirm", "name", "arguments", "outcome", "optionId", *META,
)  # fmt: skip
TEXTS = (
    "", "a", "/", "..", "session_eve_1", "\0", "\x1b[2J", "\u202egnp.exe", "\U000e0041", "😀" * 50, "x" * 3_000,
    "'; DROP TABLE turn; --", "{{7*7}}", "${jndi:ldap://x}", "%s%n", "null", "true", "NaN", "1e999", "\ufdfd",
    "a\u0301" * 40,
)  # fmt: skip
NUMBERS: tuple[Any, ...] = (0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 1.5, -0.0, 1e308, 5e-324)
SPELLED = (
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 400, "-" + "9" * 5_000, "0x10", "01", "+1", ".5", "1.",
    '"\\ud800"', '"\\udfff\\ud800"', '"\\x41"', '"\\u12"', "'a'", "undefined", "{", "}", "[", "]", ",", ":", '"', "\\",
    '{"a":1,"a":2}', '{"a":1,}', "[1,]", "//", "/**/", "\ufeff", "\x00",
)  # fmt: skip
PLACE = "@@here@@"


def honest(dice: random.Random, session: str) -> Message:
    """A request that makes sense, or nearly."""
    number = dice.randrange(10**6)
    method = dice.choice(METHODS)
    params: Message
    match dice.randrange(60):
        case 0:
            # Seldom: an honest turn is much work, and no garbage.
            method, params = "session/prompt", {"sessionId": session, "prompt": [{"type": "text", "text": "hello"}]}
        case 1 | 2:
            method, params = "session/new", {"cwd": "/", "mcpServers": []}
        case 3 | 4 | 5:
            method, params = "session/load", {"sessionId": session, "cwd": "/", "mcpServers": []}
        case 6 | 7 | 8 | 9:
            method, params = "_ringback/state/set", {"key": f"k{number % 7}", "data": {"v": number}}
        case 10 | 11 | 12:
            return {"jsonrpc": "2.0", "id": number, "result": {"outcome": {"outcome": "selected", "optionId": "x"}}}
        case _:
            params = {dice.choice(WORDS): anything(dice, 2) for _ in range(dice.randrange(5))}
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def anything(dice: random.Random, depth: int) -> Any:
    """Some JSON."""
    kind = dice.randrange(8 if depth else 5)
    match kind:
        case 0 | 1:
            return dice.choice(TEXTS)
        case 2:
            return dice.choice(NUMBERS)
        case 3:
            return dice.choice((None, True, False))
        case 4:
            return dice.choice(([], {}))
        case 5:
            return [anything(dice, depth - 1) for _ in range(dice.randrange(4))]
        case _:
            return {dice.choice((*WORDS, *TEXTS)): anything(dice, depth - 1) for _ in range(dice.randrange(4))}


def frame(dice: random.Random, session: str) -> str | bytes:
    """One frame; one in a few hundred is longer or deeper than anybody may send."""
    chance = dice.random()
    if chance < 0.002:
        return _huge(dice)
    if chance < 0.03:
        return dice.randbytes(dice.randrange(200))
    if chance < 0.13:
        return json.dumps(anything(dice, 3))
    message = honest(dice, session)
    if chance < 0.33:
        _put_somewhere(dice, message, anything(dice, 3))
    elif chance < 0.53:
        _put_somewhere(dice, message, PLACE)
    text = json.dumps(message).replace(f'"{PLACE}"', dice.choice(SPELLED), 1)
    return _damaged(dice, text) if 0.53 < chance < 0.75 else text


def _damaged(dice: random.Random, text: str) -> str:
    at = dice.randrange(len(text))
    if dice.random() < 0.5:
        return text[:at]
    return text[:at] + dice.choice((*SPELLED, *TEXTS)) + text[at + dice.randrange(4) :]


def _huge(dice: random.Random) -> str:
    depth = dice.choice((70, 500, 50_000))
    opened, closed = dice.choice((("[", "]"), ('{"a":', "}")))
    match dice.randrange(3):
        case 0:
            return opened * depth + "1" + closed * depth
        case 1:
            return f'{{"jsonrpc":"2.0","id":1,"method":"x","params":{{"a":{opened * depth}1{closed * depth}}}}}'
        case _:
            return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"a": "x" * 2**20}})


def _put_somewhere(dice: random.Random, message: Message, value: Any) -> None:
    place = message
    while True:
        inner = [child for child in place.values() if isinstance(child, dict) and child]
        if not inner or dice.random() < 0.4:
            break
        place = dice.choice(inner)
    place[dice.choice([*place, dice.choice(WORDS)])] = value
