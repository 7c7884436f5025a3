"""What is kept of a command's output: its head and its tail, never more than a bound. Pure."""

from __future__ import annotations

import codecs
import json

LARGEST_ESCAPE = 3
"""How much longer than its bytes a text may be as JSON before more of it is left out; control characters take six."""

_INSIDE = range(0x80, 0xC0)
"""The bytes that go on with a character of UTF-8."""


class KeptOutput:
    """Takes bytes as they come, of any number, and keeps at most ``most`` of them: half from each end."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._half = most // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._taken = 0

    @property
    def held(self) -> int:
        """How many bytes are held now: at most twice ``most``."""
        return len(self._head) + len(self._tail)

    @property
    def is_cut(self) -> bool:
        """Whether :meth:`text` leaves something out."""
        return self._kept_half() < self._half or self._taken > 2 * self._half

    def add(self, piece: bytes) -> None:
        """The next bytes."""
        self._taken += len(piece)
        room = self._half - len(self._head)
        self._head += piece[:room]
        self._tail += piece[max(room, 0) :]
        if len(self._tail) > self._most:
            del self._tail[: -self._half]

    def text(self) -> str:
        """Head and tail as text, with a line between them that says how much was left out.

        What is no UTF-8 becomes replacement characters.
        """
        return self._cut(self._kept_half())

    def _kept_half(self) -> int:
        half = self._half
        while half and (weight := _weight(self._cut(half))) > self._most * LARGEST_ESCAPE:
            half = min(half - 1, half * self._most * LARGEST_ESCAPE // weight)
        return half

    def _cut(self, half: int) -> str:
        left_out = self._taken - 2 * half
        if left_out <= 0:
            return (self._head + self._tail).decode("utf-8", "replace")
        head = codecs.getincrementaldecoder("utf-8")("replace").decode(bytes(self._head[:half]), final=False)
        last = bytes(self._head[-half:] + self._tail)[-half:] if half else b""
        tail = _from_a_character(last).decode("utf-8", "replace")
        return f"{head}\n… {left_out:,} bytes left out …\n{tail}"


def _weight(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())


def _from_a_character(piece: bytes) -> bytes:
    """``piece`` without the end of a character that was cut in two."""
    for index, byte in enumerate(piece[:3]):
        if byte not in _INSIDE:
            return piece[index:]
    return piece
