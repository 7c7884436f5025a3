"""The demo model's exact commands, from ``/tool`` to ``/markdown``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from server.agent.models.demo_steps import Call, CallTools, Fail, Loop, Say, Step, Wait
from shared.frames import Command

MAX_WORDS = 100_000
MAX_SECONDS = 3_600

COMMANDS: tuple[Command, ...] = (
    Command("tool", "Ask for one tool with exactly these arguments", "NAME {json}"),
    Command("tools", "Ask for several tools at once", "NAME {json} | NAME {json}"),
    Command("stream", "Answer with so many words", "N"),
    Command("slow", "Wait so many seconds, then answer", "SECONDS"),
    Command("fail", "Fail as a model fails whose provider is away"),
    Command("loop", "Ask for the same call again after every result", "NAME {json}"),
    Command("markdown", "Show headings, a list, a table and code"),
)

MARKDOWN = """\
# A showcase of Markdown

A paragraph with **bold**, *italic*, `code` and a [link](https://commonmark.org).

## A list

- first
- second
    - nested
1. one
2. two

> A quotation.

## A table

| tool | runs in | asks |
|---|---|---|
| change_bgm | the tab | yes |
| calculate | the server | no |

## A code block

```python
def greet(name: str) -> str:
    return f"Hello, {name}!"
```
"""

_CALL_START = re.compile(r"\s*(?P<name>[^\s{|]+)\s*")
_FORMS = {command.name: f"/{command.name} {command.hint or ''}".strip() for command in COMMANDS}


class _Malformed(Exception):  # noqa: N818 - never leaves this file
    """The rest of the line does not have the command's form."""


def parse_command(message: str) -> Step | None:
    """The step that an exact command asks for; ``None`` if ``message`` is none of them.

    A command of the wrong form gets a sentence that names the right one.
    """
    word, _, rest = message.strip().partition(" ")
    if not word.startswith("/") or word[1:] not in _PARSERS:
        return None
    name = word[1:]
    try:
        return _PARSERS[name](rest.strip())
    except _Malformed as error:
        return Say(f"{error} Write it as `{_FORMS[name]}`.")


def _tool(rest: str) -> Step:
    calls = _calls(rest)
    if len(calls) != 1:
        raise _Malformed("/tool asks for one tool; /tools asks for several.")
    return CallTools(calls)


def _tools(rest: str) -> Step:
    return CallTools(_calls(rest))


def _loop(rest: str) -> Step:
    calls = _calls(rest)
    if len(calls) != 1:
        raise _Malformed("/loop asks for one tool.")
    return Loop(calls[0])


def _stream(rest: str) -> Step:
    if not (rest.isascii() and rest.isdigit() and 1 <= int(rest[:9]) <= MAX_WORDS):
        raise _Malformed(f"/stream needs a whole number from 1 to {MAX_WORDS}.")
    return Say(" ".join(str(word) for word in range(1, int(rest) + 1)))


def _slow(rest: str) -> Step:
    try:
        seconds = float(rest)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= MAX_SECONDS:
        raise _Malformed(f"/slow needs a number of seconds from 0 to {MAX_SECONDS}.")
    return Wait(seconds, f"I waited {seconds:g} seconds.")


def _fail(rest: str) -> Step:
    _nothing_in(rest, "/fail")
    return Fail()


def _markdown(rest: str) -> Step:
    _nothing_in(rest, "/markdown")
    return Say(MARKDOWN)


_PARSERS: dict[str, Callable[[str], Step]] = {
    "tool": _tool,
    "tools": _tools,
    "stream": _stream,
    "slow": _slow,
    "fail": _fail,
    "loop": _loop,
    "markdown": _markdown,
}


def _nothing_in(rest: str, command: str) -> None:
    if rest:
        raise _Malformed(f"{command} takes nothing after it.")


def _calls(text: str) -> tuple[Call, ...]:
    """``NAME {json} | NAME {json}``; a bar inside of the JSON does not split, and ``{}`` may be left out."""
    calls: list[Call] = []
    position = 0
    while True:
        start = _CALL_START.match(text, position)
        if start is None:
            raise _Malformed("A tool's name is missing.")
        position = start.end()
        arguments: object = {}
        if position < len(text) and text[position] == "{":
            try:
                arguments, position = json.JSONDecoder().raw_decode(text, position)
            except (json.JSONDecodeError, RecursionError):
                raise _Malformed(f"What follows {start['name']} is not JSON.") from None
        if not isinstance(arguments, dict):
            raise _Malformed(f"The arguments of {start['name']} must be a JSON object.")
        calls.append(Call(start["name"], arguments))
        bar = re.compile(r"\s*(\||$)").match(text, position)
        if bar is None:
            raise _Malformed(f"The arguments of {start['name']} must be a JSON object, and a | parts two calls.")
        position = bar.end()
        if not bar[1]:
            return tuple(calls)
