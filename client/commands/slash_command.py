"""What a slash command is, and what it may ask of the screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol


class CommandTarget(Protocol):
    """What commands act on: the screen with the tabs."""

    async def open_tab(self, device_label: str | None) -> None:
        """A new tab, as the device of that label or as the front tab's."""

    async def close_tab(self) -> None:
        """Close the front tab, after asking if something would be lost."""

    def rename(self, title: str | None) -> None:
        """Give the front tab a title; ``None`` takes it away."""

    def hand_over(self) -> None:
        """Hand the front tab's conversation over, after asking where to."""

    async def join(self, code: str) -> None:
        """A new tab that goes on with the conversation of that code."""

    def take_over(self) -> None:
        """Take the front tab's conversation from the device that holds it."""

    def show_help(self) -> None:
        """Every key and command."""

    def show_details(self) -> None:
        """What there is to know of the front tab."""

    def show_state(self) -> None:
        """The person's shared state, to look at and to edit."""

    def show_grants(self) -> None:
        """What runs without asking, to look at and to take back."""

    def show_metrics(self) -> None:
        """The server's counters."""

    def reset_person(self) -> None:
        """Forget the person's conversations and shared state, after asking."""

    def leave(self) -> None:
        """End the program, after asking if something would be lost."""

    def export(self, name: str) -> None:
        """Write the front tab's conversation into a file called so, or after the tab if ``name`` is empty."""

    def toggle_tool_cards(self) -> None:
        """Open all tool cards of the front tab, or close them."""

    def toggle_todos(self) -> None:
        """Unfold the todos of the front tab, or fold them."""


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """Typed as ``/name hint``; ``run`` gets the target and what stands after the name."""

    name: str
    summary: str
    run: Callable[[CommandTarget, str], Awaitable[None]]
    hint: str = ""
