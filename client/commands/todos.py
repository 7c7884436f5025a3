"""``/todos``: unfold or fold the agent's todos."""

from __future__ import annotations

from client.commands.slash_command import CommandTarget, SlashCommand


async def _run(target: CommandTarget, _argument: str) -> None:
    target.toggle_todos()


COMMAND = SlashCommand("todos", "Unfold or fold the agent's todos in this tab", _run)
