"""``/close``: close this tab."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, _argument: str) -> None:
    await target.close_tab()


COMMAND = SlashCommand("close", "Close this tab", _run)
