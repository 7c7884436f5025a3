"""``/state``: the person's shared state."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, _argument: str) -> None:
    target.show_state()


COMMAND = SlashCommand("state", "Look at what the agent remembers, and edit it", _run)
