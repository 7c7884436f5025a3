"""A conversation as a file: Markdown to read, or JSON to work with; what cannot be seen in it is named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import assert_never

from client.core.transcript_entries import Answer, Entry, Note, Said, Thought, ToolCard
from client.core.visible_text import escaped, visible
from shared.json_types import JsonObject

_LONGEST_FENCE = re.compile(r"`{3,}")


def as_markdown(title: str, entries: Iterable[Entry]) -> str:
    """Every entry under a heading that says whose it is; what people and tools said is quoted, never obeyed."""
    parts = [f"# {_one_line(title)}", *(_section(entry) for entry in entries)]
    return "\n\n".join(parts) + "\n"


def as_json(title: str, entries: Iterable[Entry]) -> str:
    """``{"title": …, "entries": [{"kind": …, …}]}``; characters that cannot be seen are escaped, and so unchanged."""
    document = {"title": title, "entries": [_record(entry) for entry in entries]}
    return escaped(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


def _section(entry: Entry) -> str:
    match entry:
        case Said(_, text, delivery):
            told = f" ({delivery.value})" if delivery.value else ""
            return f"## You{told}\n\n{_fenced(text, 'text')}"
        case Answer(_, text):
            return f"## Agent\n\n{_quoted(text)}"
        case Thought(_, text):
            return f"## Agent, thinking\n\n{_fenced(text.strip(), 'text')}"
        case ToolCard():
            return _tool_section(entry)
        case Note(_, text):
            return f"> {_one_line(text)}"
        case _:
            assert_never(entry)


def _tool_section(card: ToolCard) -> str:
    parts = [
        f"## Tool: {_one_line(card.title)} (`{_one_line(card.name).replace('`', chr(0x2019))}`), {card.state.value}"
    ]
    if card.decision is not None:
        parts.append(f"> {_one_line(card.decision)}")
    parts.append(f"Arguments:\n\n{_values(card.arguments)}")
    if card.result is not None:
        parts.append(f"Result:\n\n{_values(card.result)}")
    return "\n\n".join(parts)


def _values(values: JsonObject) -> str:
    return _fenced(escaped(json.dumps(values, ensure_ascii=False, indent=2)), "json")


def _fenced(text: str, language: str) -> str:
    shown = visible(text)
    longest = max((len(fence) for fence in _LONGEST_FENCE.findall(shown)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def _quoted(text: str) -> str:
    """Its Markdown stays, and none of its headings and fences reaches beyond the quote."""
    return "\n".join(f"> {line}".rstrip() for line in visible(text).strip().splitlines())


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()), keep="")


def _record(entry: Entry) -> JsonObject:
    match entry:
        case Said(_, text, delivery):
            return {"kind": "said", "text": text, "delivery": delivery.name.lower()}
        case Answer(_, text):
            return {"kind": "answer", "text": text}
        case Thought(_, text):
            return {"kind": "thought", "text": text}
        case ToolCard():
            return {
                "kind": "tool",
                "call_id": entry.call_id,
                "name": entry.name,
                "title": entry.title,
                "arguments": entry.arguments,
                "state": entry.state.value,
                "result": entry.result,
                "decision": entry.decision,
            }
        case Note(_, text, tone):
            return {"kind": "note", "text": text, "tone": tone.value}
        case _:
            assert_never(entry)
