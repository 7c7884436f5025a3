"""``/take``: take the conversation over from the device that holds it."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, _argument: str) -> None:
    target.take_over()


COMMAND = SlashCommand("take", "Take the conversation over from the device that holds it", _run)
