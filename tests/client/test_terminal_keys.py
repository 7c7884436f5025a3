"""Keys as a terminal without the Kitty protocol sends them."""

from __future__ import annotations

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from client.terminal_keys import mend_key_sequences


@pytest.mark.parametrize(
    ("sequence", "key"),
    [
        ("\x1b1", "alt+1"),
        ("\x1b9", "alt+9"),
        ("\x1b\r", "ctrl+j"),
        ("\x1bw", "alt+w"),
        ("\x1b[1;3C", "alt+right"),
        ("\x1b[6;5~", "ctrl+pagedown"),
        ("\x1b[19~", "f8"),
        ("\n", "ctrl+j"),
        ("\r", "enter"),
    ],
)
def test_a_key_arrives_as_what_was_pressed(sequence: str, key: str) -> None:
    mend_key_sequences()
    parser = XTermParser()
    arrived = [*parser.feed(sequence), *parser.feed("")]
    assert [event.key for event in arrived if isinstance(event, events.Key)] == [key]
