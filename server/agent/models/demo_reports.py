"""What the demo model says about a tool's result: one short sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from shared.json_types import JsonObject, JsonValue

MAX_FACT = 200
"""How many characters of one fact are said; the tool's card has it all."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What one tool gave."""

    name: str
    result: JsonObject


def report(given: ToolResult) -> str:
    """One sentence: the key facts, or the error word for word."""
    result = given.result
    if given.name == "run_command" and "exit_code" in result:
        return _SENTENCES["run_command"](given)
    if result.get("success") is False or ("error" in result and "success" not in result):
        return f"{given.name} did not work: {_fact(result.get('error', 'no reason was given'))}"
    try:
        return _SENTENCES.get(given.name, _any)(given)
    except KeyError:
        return _any(given)


def _any(given: ToolResult) -> str:
    facts = ", ".join(f"{key} {_fact(value)}" for key, value in given.result.items() if key != "success")
    return f"{given.name} is done: {facts}." if facts else f"{given.name} is done."


def _change_bgm(given: ToolResult) -> str:
    note = given.result.get("note")
    sentence = f"Now playing track {_fact(given.result['track'])}."
    return f"{sentence} {_fact(note)}" if note else sentence


def _get_location(given: ToolResult) -> str:
    source = given.result.get("source")
    said_by = f" (from {_fact(source)})" if source else ""
    return f"Your location is {_fact(given.result['location'])}{said_by}."


def _read_file(given: ToolResult) -> str:
    content = given.result["content"]
    length = len(content) if isinstance(content, str) else 0
    return f"read_file gave {length} characters of {_fact(given.result['path'])}: {_fact(content)}"


def _list_directory(given: ToolResult) -> str:
    entries = given.result["entries"]
    names = [_fact(entry["name"]) for entry in _objects(entries)]
    return f"list_directory found {len(names)} names in {_fact(given.result['path'])}: {_fact(', '.join(names))}"


def _run_command(given: ToolResult) -> str:
    stdout = given.result["stdout"]
    said = f": {_fact(stdout.strip())}" if isinstance(stdout, str) and stdout.strip() else ", and it wrote nothing."
    return f"The command ended with exit code {_fact(given.result['exit_code'])}{said}"


def _write_file(given: ToolResult) -> str:
    return f"Wrote {_fact(given.result['bytes'])} bytes to {_fact(given.result['path'])}."


def _open_url(given: ToolResult) -> str:
    return f"Opened {_fact(given.result['url'])} in your browser."


def _copy_to_clipboard(given: ToolResult) -> str:
    return f"Copied {_fact(given.result['characters'])} characters to the clipboard."


def _notify(_: ToolResult) -> str:
    return "The notice was shown."


def _get_weather(given: ToolResult) -> str:
    facts = given.result
    return (
        f"The weather in {_fact(facts['place'])}: {_fact(facts['conditions'])}, {_fact(facts['temperature_c'])} °C, "
        f"wind {_fact(facts['wind_kmh'])} km/h."
    )


def _calculate(given: ToolResult) -> str:
    return f"{_fact(given.result['expression'])} = {_fact(given.result['result'])}"


def _get_current_time(given: ToolResult) -> str:
    return f"It is {_fact(given.result['time'])} on {_fact(given.result['date'])} in {_fact(given.result['timezone'])}."


def _remember(given: ToolResult) -> str:
    return f"I will remember {_fact(given.result['key'])}: {_fact(given.result['value'])}."


def _recall(given: ToolResult) -> str:
    if "keys" not in given.result:
        return f"You told me {_fact(given.result['key'])}: {_fact(given.result['value'])}."
    names = given.result["keys"]
    if not isinstance(names, list) or not names:
        return "You have not told me to remember anything yet."
    return f"I remember {_fact(given.result['count'])} things: {_fact(', '.join(map(str, names)))}."


def _forget(given: ToolResult) -> str:
    return f"I forgot {_fact(given.result['key'])}."


def _update_todos(given: ToolResult) -> str:
    return f"The list has {_fact(given.result['count'])} things to do, {_fact(given.result['completed'])} of them done."


_SENTENCES: dict[str, Callable[[ToolResult], str]] = {
    "change_bgm": _change_bgm,
    "get_location": _get_location,
    "read_file": _read_file,
    "list_directory": _list_directory,
    "write_file": _write_file,
    "run_command": _run_command,
    "open_url": _open_url,
    "copy_to_clipboard": _copy_to_clipboard,
    "notify": _notify,
    "get_weather": _get_weather,
    "calculate": _calculate,
    "get_current_time": _get_current_time,
    "remember": _remember,
    "recall": _recall,
    "forget": _forget,
    "update_todos": _update_todos,
}


def _objects(value: JsonValue) -> list[JsonObject]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _fact(value: JsonValue) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_FACT else f"{text[:MAX_FACT]}…"
