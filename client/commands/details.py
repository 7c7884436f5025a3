"""``/details``: session, signature, model, device and tokens of this tab."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, _argument: str) -> None:
    target.show_details()


COMMAND = SlashCommand("details", "Show this tab's session, model, device and tokens", _run)
