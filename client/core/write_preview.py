"""What the question about writing a file says: what would change in it, and where it is. Pure."""

from __future__ import annotations

from client.core.approval_preview import Fact, Preview
from client.core.diff_lines import added_lines, counts, diff_lines
from client.core.visible_text import exact

MOST_COMPARED = 2 * 2**20
"""Largest file that is compared, in bytes."""
CONTENT = frozenset({"content"})


def write_preview(path: str, old: bytes | None, content: str, mode: str, outside: tuple[str, ...]) -> Preview:
    """``old`` is the file now, ``None`` if there is none; ``outside`` are the folders it should be in and is not."""
    name = exact(path)
    warnings = []
    if outside:
        listed = exact(", ".join(outside))
        warnings.append(Fact(f"Outside the folders that files belong in: {listed}", is_warning=True))
    if old is None:
        what = f"Makes a new file {name}" if content else f"Makes a new, empty file {name}"
        return Preview((Fact(what), *warnings), added_lines(content), CONTENT)
    if mode == "create":
        refused = Fact(
            "It would be refused: the file is there already, and create makes only new ones", is_warning=True
        )
        return Preview((Fact(f"Would make {name}"), refused, *warnings), added_lines(content), CONTENT)
    verb = "Appends to" if mode == "append" else "Replaces"
    before = _text(old)
    if before is None:
        size = f"{len(old):,} bytes"
        why = f"has {size}, too many to compare" if len(old) > MOST_COMPARED else f"is no text now, but {size} of data"
        fact = Fact(f"The file {why}; below is what would be written", is_warning=True)
        return Preview((Fact(f"{verb} {name}"), fact, *warnings), added_lines(content), CONTENT)
    lines = diff_lines(before, before + content if mode == "append" else content)
    come, go = counts(lines)
    what = f"{verb} {name}: {come:,} {_lines(come)} come, {go:,} go" if lines else f"Changes nothing in {name}"
    is_whole = mode == "append" and (before == "" or before.endswith("\n"))
    return Preview((Fact(what), *warnings), lines, CONTENT if is_whole else frozenset())


def _lines(count: int) -> str:
    return "line" if count == 1 else "lines"


def _text(old: bytes) -> str | None:
    if len(old) > MOST_COMPARED or b"\0" in old:
        return None
    try:
        return old.decode("utf-8")
    except UnicodeDecodeError:
        return None
