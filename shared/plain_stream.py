"""What a command prints on a terminal: a stream that lets text through and nothing that a terminal would obey."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO, TypeVar, cast

from shared.visible_text import visible

Stream = TypeVar("Stream", bound=TextIO | None)


class PlainStream:
    """Writes to ``stream`` with control, escape, bidi and zero-width characters named, and is like it in all else.

    Put in the place of ``sys.stdout`` and ``sys.stderr``, it is passed by everything that is printed there: sentences
    of errors, names out of the database, usage messages, tracebacks. The screen writes to the terminal in its own way,
    and has a filter of its own.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write ``text`` as it can be read; the number of its characters."""
        self._stream.write(visible(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write one after the other."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the stream has)
        return getattr(self._stream, name)


def plain(stream: Stream) -> Stream:
    """``stream`` for what comes from outside, too; ``None``, which is a closed one, stays so."""
    return cast("Stream", None if stream is None else PlainStream(stream))
