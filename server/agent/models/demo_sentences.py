"""The plain sentences that the demo model understands, and the tool each one asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NoReturn

from server.agent.models.demo_steps import Call, CallTools
from shared.json_types import JsonObject, JsonValue

MAX_SENTENCE = 1_000
"""Longer messages, and those with :data:`_GAP`, are not searched: matching must never hold up the server."""

_GAP = re.compile(r"\s{20}")

_Arguments = Callable[[re.Match[str]], JsonObject]


def _sentence(pattern: str) -> re.Pattern[str]:
    """A whole message: any case, any amount of space between words, an end mark or none."""
    return re.compile(rf"(?:please\s+)?(?:{pattern})\s*[?!.]*".replace(" ", r"\s+"), re.IGNORECASE | re.DOTALL)


def _target(match: re.Match[str]) -> str:
    """The named thing without quotes, and without the sentence's own end mark."""
    text = match["target"].strip()
    if re.fullmatch(r".*[\w'\"`)][?!.]+", text, re.DOTALL):
        text = text.rstrip("?!.")
    return _unquoted(text)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"`" else text


def _line(text: str) -> str:
    """Text for a file: without quotes, and with the end that a line has."""
    return f"{_unquoted(text.strip())}\n"


def _path(match: re.Match[str]) -> JsonObject:
    return {"path": _target(match)}


def _nothing(_: re.Match[str]) -> JsonObject:
    return {}


def _named(match: re.Match[str]) -> JsonObject:
    return {"key": _target(match)}


def _remembered(match: re.Match[str]) -> JsonObject:
    text = _target(match)
    try:
        value: JsonValue = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        value = text
    return {"key": match["key"], "value": value}


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _planned(match: re.Match[str]) -> JsonObject:
    steps = [step.strip() for step in re.split(r"[,;]", _target(match)) if step.strip()]
    items: list[JsonValue] = [
        {"content": step, "status": "pending" if number else "in_progress"} for number, step in enumerate(steps)
    ]
    return {"items": items}


_IS = r"(?:'s|\u2019s| is)"
_KEY = r"\w[\w '\u2019-]{0,60}?"
_FEW_WORDS = r"\w[\w'\u2019-]*(?: [\w'\u2019-]+){0,2}?"
_PRONOUN = r"(?:it|that|this|them|me|there|all|everything)"
_ASKING = r"(?:what|who|whom|whose|when|where|how|why|which|whether|if|not)"
_CLAUSE = rf"(?:that|{_ASKING}) (?:i|you|we|he|she|it|they|this|that|there)"
_NO_NAME = rf"(?!(?:about )?(?:{_CLAUSE}\b|{_PRONOUN}\W*$))"
"""What stands where a name would, and is none: ``forget it``, ``recall what I said``."""
_SUM = r"(?=\D*\d)(?P<target>[\d.+\-(][\d\s.+\-*/%^()]*)"

_SENTENCES: tuple[tuple[re.Pattern[str], str, _Arguments], ...] = (
    (
        _sentence(
            r"(?:change|switch|set|play|put on)(?: the| my)?(?: bgm| background music| music)?"
            r"(?: to)?(?: track)?(?: number)? (?P<track>\d{1,9})"
        ),
        "change_bgm",
        lambda match: {"track": int(match["track"])},
    ),
    (
        _sentence(rf"(?:what{_IS}|tell me|get|show)(?: me)? my (?:current )?location|where am i(?: now)?"),
        "get_location",
        _nothing,
    ),
    (_sentence(r"(?:read|show|open)(?: me)?(?: the| my)? file (?P<target>.+)"), "read_file", _path),
    (
        _sentence(r"(?:open|visit|go to|browse)(?: the)?(?: page| url| address)? (?P<target>https?://\S+)"),
        "open_url",
        lambda match: {"url": _target(match)},
    ),
    (
        _sentence(r"(?:run|execute)(?: the)?(?: shell)?(?: command)?:? (?P<command>\S.*)"),
        "run_command",
        lambda match: {"command": _unquoted(match["command"].strip())},
    ),
    (
        _sentence(
            r"(?:write|save|put) (?P<content>.+?) (?:to|into|in)(?: the| my)?(?: file)? (?P<target>(?=\S*[./]\w)\S+)"
        ),
        "write_file",
        lambda match: {"path": _target(match), "content": _line(match["content"])},
    ),
    (
        _sentence(r"append (?P<content>.+?) to(?: the| my)?(?: file)? (?P<target>\S+)"),
        "write_file",
        lambda match: {"path": _target(match), "content": _line(match["content"]), "mode": "append"},
    ),
    (
        _sentence(
            r"(?:list|show)(?: me)?(?: the| my| all)?(?: files)?(?: in)?(?: the)? (?:directory|folder) (?P<target>.+)"
        ),
        "list_directory",
        _path,
    ),
    (
        _sentence(
            r"(?:list|show)(?: me)?(?: the| my| all)? (?:files|folder|directory)"
            r"(?: here| in (?:this|the|my) (?:folder|directory))?"
        ),
        "list_directory",
        _nothing,
    ),
    (
        _sentence(r"(?:list|show)(?: me)?(?: the| my| all)? files (?:in|of|under) (?P<target>.+)"),
        "list_directory",
        _path,
    ),
    (
        _sentence(r"copy (?P<target>.+?) (?:to|into|onto)(?: the| my)? clipboard"),
        "copy_to_clipboard",
        lambda match: {"text": _target(match)},
    ),
    (
        _sentence(r"notify me(?: that| of| about)?[:,]? (?P<target>.+)"),
        "notify",
        lambda match: {"message": _target(match)},
    ),
    (
        _sentence(
            rf"(?:(?:what|how){_IS} |show me |tell me )?(?:the )?weather"
            r"(?: like)?(?: today)? (?:in|for|at) (?P<target>.+)"
        ),
        "get_weather",
        lambda match: {"city": _target(match)},
    ),
    (
        _sentence(r"(?:calculate|compute|evaluate) (?P<target>.+)"),
        "calculate",
        lambda match: {"expression": _target(match)},
    ),
    (
        _sentence(rf"(?:what{_IS}|how much is) {_SUM}"),
        "calculate",
        lambda match: {"expression": _target(match)},
    ),
    (
        _sentence(rf"(?:what time is it|what{_IS} the (?:current )?time|(?:current )?time)(?: now)? in (?P<target>.+)"),
        "get_current_time",
        lambda match: {"timezone": _target(match)},
    ),
    (
        _sentence(rf"what time is it(?: now)?|what{_IS} the (?:current )?time"),
        "get_current_time",
        lambda _: {"timezone": "UTC"},
    ),
    (
        _sentence(rf"remember (?:that (?:(?:my|the) )?|(?:my|the) )(?!{_PRONOUN}\b)(?P<key>{_KEY}) is (?P<target>.+)"),
        "remember",
        _remembered,
    ),
    (
        _sentence(rf"remember (?!(?:{_PRONOUN}|{_ASKING}|to)\b)(?P<key>{_FEW_WORDS}) is (?P<target>.+)"),
        "remember",
        _remembered,
    ),
    (
        _sentence(rf"remember (?!to )(?:that )?(?:(?:my|the) )?(?P<key>{_KEY})\s*[:=] (?P<target>.+)"),
        "remember",
        _remembered,
    ),
    (_sentence(r"what do you remember(?: about me)?|recall(?: everything)?"), "recall", _nothing),
    (
        _sentence(rf"(?:recall|what do you remember about) {_NO_NAME}(?:(?:my|the) )?(?P<target>.+)"),
        "recall",
        _named,
    ),
    (_sentence(rf"forget {_NO_NAME}(?:about )?(?:(?:my|the) )?(?P<target>.+)"), "forget", _named),
    (_sentence(r"plan: (?=.*\w)(?P<target>.+)"), "update_todos", _planned),
)


def understand(message: str) -> CallTools | None:
    """The one call that a plain sentence asks for; ``None`` if it is no sentence of the script."""
    text = message.strip()
    if len(text) > MAX_SENTENCE or _GAP.search(text):
        return None
    for pattern, name, arguments in _SENTENCES:
        match = pattern.fullmatch(text)
        if match is not None:
            return CallTools((Call(name, arguments(match)),))
    return None
