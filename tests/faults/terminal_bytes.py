"""The bytes that a program wrote to its terminal, read as a terminal reads them: sequences, and what is drawn."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.hostile_text import CONTROL_MARK, MARKUP_MARK
from tests.journeys.server_process import ROOT, environment

COLUMNS, ROWS = 120, 50
_TOKEN = re.compile(
    r"\x1b\[(?P<csi>[0-?]*[ -/]*[@-~])"
    r"|\x1b(?P<kind>[\]P_^X])(?P<string>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b(?P<short>[ -/]*[0-~]?)"
    r"|(?P<single>[\x00-\x1f\x7f-\x9f])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
)
_HIDDEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass
class Screenful:
    """What was written while one thing was shown: the kinds of sequences, whole sequences, and runs of text."""

    kinds: set[str] = field(default_factory=set)
    wholes: set[str] = field(default_factory=set)
    text: list[str] = field(default_factory=list)

    def leaks(self, allowed: set[str]) -> list[str]:
        """What a program that shows harmless text would not have written."""
        wrong = [f"sequence {kind!a}" for kind in sorted(self.kinds - allowed)]
        wrong += [f"smuggled {whole!a}" for whole in sorted(self.wholes) if CONTROL_MARK in whole]
        drawn = "".join(self.text)
        wrong += [f"character U+{ord(sign):04X}" for sign in sorted(set(drawn) - {"\n"}) if _is_hidden(sign)]
        # A word that is folded goes on in the next row, behind spaces and frames; a name can be cut in its middle.
        if re.search(rf"(?<![\]…]){MARKUP_MARK}", re.sub(r"[^\w\[\]…]+", "", drawn)):
            wrong.append("markup")
        return wrong


def _is_hidden(sign: str) -> bool:
    # Told by Unicode's own table and not by ours, which is what is on trial.
    return unicodedata.category(sign) in _INVISIBLE or sign in _HIDDEN or 0xFE00 <= ord(sign) <= 0xFE0F


@dataclass(frozen=True)
class Written:
    """What a program wrote, by what was shown then, and what it says of itself."""

    shown: Mapping[str, Screenful]
    report: Mapping[str, list[str]]
    exit_code: int
    size: int

    @property
    def kinds(self) -> set[str]:
        """Every kind of sequence that there is in it."""
        return set().union(*(screenful.kinds for screenful in self.shown.values()))


def write_on_a_terminal(
    folder: Path, mode: str, texts: Sequence[str], *, seconds: float = 100.0, how: Mapping[str, str] | None = None
) -> Written:
    """Have ``tests.faults.hostile_screen`` show the texts in a terminal of its own."""
    given, told, nonce = folder / f"{mode}.json", folder / f"{mode}-told.json", os.urandom(8).hex()
    given.write_text(json.dumps(list(texts)))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.hostile_screen", mode, str(given), str(told), nonce],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, start_new_session=True,
        env=environment(folder, TERM="xterm-256color", COLORTERM="truecolor", **(how or {})),
    )  # fmt: skip
    os.close(theirs)
    try:
        data = _read(ours, time.monotonic() + seconds)
        code = program.wait(timeout=10)
    finally:
        program.kill()
        program.wait()
        os.close(ours)
    report = json.loads(told.read_text()) if told.exists() else {"crashes": [f"no end: {data[-600:]!r}"]}
    return Written(_shown(data, nonce), report, code, len(data))


def _read(terminal: int, until: float) -> bytes:
    pieces = []
    while (left := until - time.monotonic()) > 0:
        if not select.select([terminal], [], [], left)[0]:
            break
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError:  # the program closed its side
            break
        if not piece:
            break
        pieces.append(piece)
    return b"".join(pieces)


def _shown(data: bytes, nonce: str) -> dict[str, Screenful]:
    shown: dict[str, Screenful] = defaultdict(Screenful)
    now = shown["start"]
    # A byte that is no UTF-8 becomes a surrogate here, and so a hidden character.
    for token in _TOKEN.finditer(data.decode("utf-8", "surrogateescape")):
        match token.lastgroup:
            case "text":
                now.text.append(token["text"])
            case "csi":
                now.kinds.add("CSI " + re.sub(r"[\d;]+", "#", token["csi"]))
                now.wholes.add(token["csi"])
                if not token["csi"].endswith("m"):
                    now.text.append("\n")  # what stands elsewhere does not follow
            case "string" if token["kind"] == "_" and token["string"].startswith(f"{nonce}:"):
                now = shown[token["string"].partition(":")[2]]
            case "string":
                now.kinds.add(f"{token['kind']} {token['string'].partition(';')[0]}")
                now.wholes.add(token["string"])
            case "short":
                now.kinds.add(f"ESC {token['short']}")
            case _:
                now.kinds.add(f"single {token['single']!a}")
                now.text.append("\n")
    return {name: screenful for name, screenful in shown.items() if screenful.kinds or screenful.text}
