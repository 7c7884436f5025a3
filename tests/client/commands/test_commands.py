"""Our slash commands: each does its thing, and what is not ours is left to the agent."""

from __future__ import annotations

import pytest

from client.commands import COMMANDS, find_command


class Target:
    """Notes what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def open_tab(self, device_label: str | None) -> None:
        self.asked.append(f"open {device_label}")

    async def close_tab(self) -> None:
        self.asked.append("close")

    def show_help(self) -> None:
        self.asked.append("help")

    def show_details(self) -> None:
        self.asked.append("details")

    def show_state(self) -> None:
        self.asked.append("state")

    def show_grants(self) -> None:
        self.asked.append("grants")

    def show_metrics(self) -> None:
        self.asked.append("metrics")

    def reset_person(self) -> None:
        self.asked.append("reset")

    def toggle_todos(self) -> None:
        self.asked.append("todos")

    def leave(self) -> None:
        self.asked.append("leave")

    def rename(self, title: str | None) -> None:
        self.asked.append(f"rename {title}")

    def hand_over(self) -> None:
        self.asked.append("hand over")

    async def join(self, code: str) -> None:
        self.asked.append(f"join {code}")

    def take_over(self) -> None:
        self.asked.append("take")

    def export(self, name: str) -> None:
        self.asked.append(f"export {name}")

    def toggle_tool_cards(self) -> None:
        self.asked.append("cards")


@pytest.mark.parametrize(
    ("draft", "asked"),
    [
        ("/help", "help"),
        ("/new", "open None"),
        ("/new iPhone", "open iPhone"),
        ("/new Living room", "open Living room"),
        ("/close", "close"),
        ("/details", "details"),
        ("/cards", "cards"),
        ("/state", "state"),
        ("/grants", "grants"),
        ("/metrics", "metrics"),
        ("/reset", "reset"),
        ("/rename", "rename None"),
        ("/rename The party", "rename The party"),
        ("/handoff", "hand over"),
        ("/join ABCD-EFGH", "join ABCD-EFGH"),
        ("/export", "export "),
        ("/export  my party.json ", "export my party.json"),
        ("/take", "take"),
        ("/todos", "todos"),
        ("/quit ", "leave"),
    ],
)
async def test_a_command_does_its_thing(draft: str, asked: str) -> None:
    found = find_command(draft)
    assert found is not None
    command, argument = found
    target = Target()
    await command.run(target, argument)
    assert target.asked == [asked]


@pytest.mark.parametrize("draft", ["/tool change_bgm {}", "/helper", "help", "/", "say /help", "/tools change_bgm {}"])
def test_what_is_not_ours_is_left_to_the_agent(draft: str) -> None:
    found = find_command(draft)
    assert found is None


def test_names_are_unique() -> None:
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)
