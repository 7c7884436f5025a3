"""``/metrics``: the server's counters."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, _argument: str) -> None:
    target.show_metrics()


COMMAND = SlashCommand("metrics", "Show the server's counters", _run)
