"""What the help shows: read off the bindings of the real widgets, and the commands' tuple."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from client.commands import COMMANDS
from client.widgets.chat_tab import ChatTab


@dataclass(frozen=True, slots=True)
class HelpGroup:
    """A heading, and pairs of what to press or type and what it does."""

    heading: str
    rows: tuple[tuple[str, str], ...]


_KEY_NAMES = {
    "ctrl": "Ctrl",
    "alt": "Alt",
    "shift": "Shift",
    "pageup": "PageUp",
    "pagedown": "PageDown",
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
}


def key_name(key: str) -> str:
    """A key as a person calls it: ``ctrl+pageup`` is ``Ctrl+PageUp``; a letter keeps its case."""
    parts = key.split("+")
    named = [_KEY_NAMES.get(part, part if len(parts) == 1 and len(part) == 1 else part.capitalize()) for part in parts]
    return "+".join(named)


def help_groups(app: App[None], main: Screen[None], chat: ChatTab) -> Iterator[HelpGroup]:
    """The groups for this screen with this chat in front."""
    yield _group("Everywhere", (app, main))
    yield HelpGroup("Go to a tab", (("Alt+1 … Alt+9", "Go to the tab of that number"),))
    yield _group("Message", (chat.composer,))
    yield _group("Approval, once you went to it", (chat.panel,))
    commands = tuple((f"/{command.name} {command.hint}".strip(), command.summary) for command in COMMANDS)
    offered = tuple((f"/{c.name} {c.hint or ''}".strip(), c.description) for c in chat.conversation.commands)
    yield HelpGroup("Commands", commands)
    if offered:
        yield HelpGroup("Commands of the agent", offered)


def _group(heading: str, nodes: Iterable[DOMNode]) -> HelpGroup:
    keys: dict[str, list[str]] = {}
    for node in nodes:
        for binding in Binding.make_bindings(type(node).BINDINGS):
            if binding.show and binding.description:
                keys.setdefault(binding.description, []).append(key_name(binding.key))
    return HelpGroup(heading, tuple((", ".join(names), does) for does, names in keys.items()))
