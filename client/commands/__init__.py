"""The slash commands of the client, one file each, and the list of them. What is not here goes to the agent."""

from __future__ import annotations

from client.commands.cards import COMMAND as CARDS
from client.commands.close import COMMAND as CLOSE
from client.commands.details import COMMAND as DETAILS
from client.commands.export import COMMAND as EXPORT
from client.commands.grants import COMMAND as GRANTS
from client.commands.handoff import COMMAND as HANDOFF
from client.commands.help import COMMAND as HELP
from client.commands.join import COMMAND as JOIN
from client.commands.metrics import COMMAND as METRICS
from client.commands.new import COMMAND as NEW
from client.commands.quit import COMMAND as QUIT
from client.commands.rename import COMMAND as RENAME
from client.commands.reset import COMMAND as RESET
from client.commands.slash_command import SlashCommand
from client.commands.state import COMMAND as STATE
from client.commands.take import COMMAND as TAKE
from client.commands.todos import COMMAND as TODOS

COMMANDS: tuple[SlashCommand, ...] = (
    HELP,
    NEW,
    CLOSE,
    RENAME,
    HANDOFF,
    JOIN,
    TAKE,
    DETAILS,
    STATE,
    GRANTS,
    QUIT,
    TODOS,
    CARDS,
    EXPORT,
    METRICS,
    RESET,
)


def find_command(draft: str) -> tuple[SlashCommand, str] | None:
    """The command that a draft calls and what stands after its name; ``None`` if it is none of ours."""
    word, _, argument = draft.strip().partition(" ")
    for command in COMMANDS:
        if word == f"/{command.name}":
            return command, argument
    return None
