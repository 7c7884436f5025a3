"""Keeps what a person types before the screen is there: not echoed, and Enter still Enter."""

from __future__ import annotations

import contextlib
import sys
import termios
from collections.abc import Iterator

LOCAL_FLAGS = 3
INPUT_FLAGS = 0


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """The terminal as it will be under the screen, from now on, and as it was before when the block ends.

    Until a program asks otherwise, a terminal echoes each key and turns Enter into a line feed, which the composer
    takes for "new line". Textual asks for the keys only once it is imported and running.
    """
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    early = termios.tcgetattr(terminal)
    early[LOCAL_FLAGS] &= ~(termios.ECHO | termios.ICANON)
    early[INPUT_FLAGS] &= ~termios.ICRNL
    termios.tcsetattr(terminal, termios.TCSANOW, early)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)
