"""What a file would lose and gain, as lines with signs, like ``diff -u``. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher

from client.core.approval_preview import BlockLine, Sign
from client.core.visible_text import exact

CONTEXT = 3
"""How many unchanged lines stand around a change."""
MOST_PAIRS = 1_000_000
"""Old lines times new lines that are compared each with each; of more, all old ones go and all new ones come."""
MOST_EQUAL_PAIRS = 50_000
"""How many of those may be equal: where few lines come again and again, each pair is looked at over and over."""
NO_END = "⟨no line end⟩"
"""Stands behind a last line that no LF ends."""


def diff_lines(old: str, new: str) -> tuple[BlockLine, ...]:
    """The lines that go and come, with a few unchanged ones around them; empty if nothing changes."""
    before, after = _lines(old), _lines(new)
    first = _alike(before, after)
    last = _alike(before[first:][::-1], after[first:][::-1])
    middle = _middle(before[first : len(before) - last], after[first : len(after) - last], first)
    changes = [(Sign.SAME, 0, first), *middle, (Sign.SAME, len(before) - last, len(before))]
    return tuple(_told(changes, before, after))


def added_lines(text: str) -> tuple[BlockLine, ...]:
    """All of a new file."""
    return tuple(_ended(Sign.ADDED, line) for line in _lines(text)) if text else ()


def counts(lines: tuple[BlockLine, ...]) -> tuple[int, int]:
    """How many lines come and how many go."""
    return sum(line.sign is Sign.ADDED for line in lines), sum(line.sign is Sign.REMOVED for line in lines)


_Change = tuple[Sign, int, int]


def _middle(before: list[str], after: list[str], offset: int) -> list[_Change]:
    if not before and not after:
        return []
    if len(before) * len(after) > MOST_PAIRS or _equal_pairs(before, after) > MOST_EQUAL_PAIRS:
        opcodes = [("replace", 0, len(before), 0, len(after))]
    else:
        opcodes = list(SequenceMatcher(None, before, after, autojunk=False).get_opcodes())
    changes: list[_Change] = []
    for tag, old_first, old_last, new_first, new_last in opcodes:
        if tag == "equal":
            changes.append((Sign.SAME, offset + old_first, offset + old_last))
        else:
            changes.append((Sign.REMOVED, offset + old_first, offset + old_last))
            changes.append((Sign.ADDED, offset + new_first, offset + new_last))
    return changes


def _equal_pairs(before: list[str], after: list[str]) -> int:
    often = Counter(after)
    return sum(count * often[line] for line, count in Counter(before).items())


def _told(changes: list[_Change], before: list[str], after: list[str]) -> Iterator[BlockLine]:
    if all(sign is Sign.SAME for sign, _, _ in changes):
        return
    for number, (sign, first, last) in enumerate(changes):
        if sign is not Sign.SAME:
            lines = after if sign is Sign.ADDED else before
            yield from (_ended(sign, line) for line in lines[first:last])
            continue
        ahead = 0 if number == 0 else CONTEXT
        behind = 0 if number == len(changes) - 1 else CONTEXT
        if last - first <= ahead + behind:
            yield from (_ended(sign, line) for line in before[first:last])
            continue
        yield from (_ended(sign, line) for line in before[first : first + ahead])
        yield BlockLine(Sign.GAP, _unchanged(last - first - ahead - behind))
        yield from (_ended(sign, line) for line in before[last - behind : last])


def _unchanged(count: int) -> str:
    return "1 unchanged line" if count == 1 else f"{count:,} unchanged lines"


def _lines(text: str) -> list[str]:
    # Only LF ends a line, and the end belongs to it: what else a program takes for one is shown by name.
    lines = text.split("\n")
    ended = [f"{line}\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


def _ended(sign: Sign, line: str) -> BlockLine:
    text = exact(line.removesuffix("\n"))
    return BlockLine(sign, text if line.endswith("\n") else f"{text}{NO_END}")


def _alike(one: list[str], other: list[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
