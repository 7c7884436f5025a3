"""``/quit``: leave Ringback."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, _argument: str) -> None:
    target.leave()


COMMAND = SlashCommand("quit", "Leave Ringback", _run)
