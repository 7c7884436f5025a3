"""What the question about a command says: the command as it will run, and where. Pure."""

from __future__ import annotations

from client.core.approval_preview import BlockLine, Fact, Preview, Sign
from client.core.visible_text import exact


def command_preview(command: str, folder: str, seconds: int) -> Preview:
    """``folder`` is absolute, with no symbolic link left in it; the command is ended after ``seconds``."""
    fact = Fact(f"Runs with /bin/sh -c for at most {seconds} s in {exact(folder)}")
    return Preview((fact,), command_lines(command), frozenset({"command"}))


def command_lines(command: str) -> tuple[BlockLine, ...]:
    """Every line in full."""
    lines = command.split("\n")
    signs = [Sign.COMMAND, *[Sign.FURTHER] * (len(lines) - 1)]
    return tuple(BlockLine(sign, exact(line)) for sign, line in zip(signs, lines, strict=True))
