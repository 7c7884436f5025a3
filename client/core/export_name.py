"""What a file of an exported conversation is called, whatever the conversation is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import category, normalize

MOST_BYTES = 120
"""Longest name in bytes of UTF-8, its ending included."""
MOST_TRIES = 1000
UNNAMED = "conversation"

_SEPARATORS = frozenset('/\\:*?"<>|')
_LIKE_SEPARATORS = frozenset("\u2044\u2215\u29f5\u29f8\u29f9\uff0f\uff3c\ufe68\u2216\ua789\uff1a\u2236")
_NEVER = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])", re.IGNORECASE)


def file_name(title: str, ending: str) -> str:
    """One name in one folder for ``title``, with ``ending`` (``.md`` or ``.json``).

    It has no separator nor anything that looks like one, no control or invisible character, no dot or space at either
    end; it is in Unicode's form NFC, at most :data:`MOST_BYTES` long, and no device of Windows.
    """
    kept = "".join(_kept(character) for character in normalize("NFC", title))
    stem = _trimmed(re.sub(r"[\s_]*_[\s_]*", "_", re.sub(r"\s+", " ", kept)))
    stem = _trimmed(_cut(normalize("NFC", stem), MOST_BYTES - len(ending.encode())))
    if _RESERVED.fullmatch(stem.split(".")[0].strip()):
        stem = f"{UNNAMED} {stem}"
        stem = _trimmed(_cut(stem, MOST_BYTES - len(ending.encode())))
    return f"{stem or UNNAMED}{ending}"


def further_names(name: str) -> Iterator[str]:
    """``name``, then the same with ``-2``, ``-3``, … before its ending, for when it is taken."""
    stem, dot, ending = name.rpartition(".")
    yield name
    for number in range(2, MOST_TRIES + 1):
        tail = f"-{number}{dot}{ending}"
        yield f"{_trimmed(_cut(stem, MOST_BYTES - len(tail.encode()))) or UNNAMED}{tail}"


def _kept(character: str) -> str:
    if character in _SEPARATORS or character in _LIKE_SEPARATORS:
        return "_"
    if character.isspace():
        return " "
    return "" if category(character) in _NEVER else character


def _trimmed(stem: str) -> str:
    return stem.strip(" ._~-")


def _cut(stem: str, most: int) -> str:
    return stem.encode()[:most].decode(errors="ignore")
