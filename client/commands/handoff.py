"""``/handoff``: hand this conversation over to another tab, device or machine."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, _argument: str) -> None:
    target.hand_over()


COMMAND = SlashCommand("handoff", "Hand this conversation over to another tab, device or machine", _run)
