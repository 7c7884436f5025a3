"""``/reset``: forget the person's conversations and shared state."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, _argument: str) -> None:
    target.reset_person()


COMMAND = SlashCommand("reset", "Forget all your conversations and what the agent remembers", _run)
