"""Making characters visible that a person cannot see but a terminal, a shell or a model obeys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from unicodedata import category

_RANGES: tuple[tuple[int, int], ...] = (
    (0x00, 0x1F),  # control: BEL, BS, ESC, …
    (0x7F, 0x9F),  # DEL and C1: CSI, OSC, ST as one byte
    (0xAD, 0xAD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x0600, 0x0605),  # Arabic signs before numbers
    (0x061C, 0x061C),  # Arabic letter mark (bidi)
    (0x06DD, 0x06DD),  # Arabic end of ayah
    (0x070F, 0x070F),  # Syriac abbreviation mark
    (0x0890, 0x0891),  # Arabic pound and piastre marks above
    (0x08E2, 0x08E2),  # Arabic disputed end of ayah
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian selectors and separator
    (0x200B, 0x200F),  # zero width and bidi marks
    (0x2028, 0x202E),  # line and paragraph separators, bidi embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, bidi isolates
    (0x2800, 0x2800),  # braille without a dot
    (0x3164, 0x3164),  # Hangul filler
    (0xD800, 0xDFFF),  # lone surrogates: they cannot be encoded
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFFA0, 0xFFA0),  # half-width Hangul filler
    (0xFFF0, 0xFFFB),  # unassigned and ignorable, interlinear annotation
    (0x110BD, 0x110BD),  # Kaithi number sign
    (0x110CD, 0x110CD),  # Kaithi number sign above
    (0x13430, 0x1345F),  # Egyptian hieroglyph format characters
    (0x16FE4, 0x16FE4),  # Khitan filler
    (0x1BCA0, 0x1BCA3),  # shorthand format characters
    (0x1D173, 0x1D17A),  # musical format characters
    (0xE0000, 0xE0FFF),  # tags and further variation selectors
)
_SPACES: tuple[tuple[int, int], ...] = (
    (0xA0, 0xA0),  # no-break space
    (0x1680, 0x1680),  # Ogham space mark
    (0x2000, 0x200A),  # spaces of all widths
    (0x202F, 0x202F),  # narrow no-break space
    (0x205F, 0x205F),  # mathematical space
    (0x3000, 0x3000),  # ideographic space
)
_ZERO_WIDTH_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_SYMBOLS = frozenset({"So", "Sk", "Sm"})  # signs, skin tones, and arrows that have an emoji form
_KEYCAP = "\u20e3"
_LAST_LATIN = 0xFF
_SPACE, _DELETE, _CONTROL_PICTURES = 0x20, 0x7F, 0x2400
_NAMES = {0x07: "BEL", 0x08: "BS", 0x09: "TAB", 0x0A: "LF", 0x0D: "CR", 0x1B: "ESC", 0x7F: "DEL"}


def _character_class(ranges: Iterable[tuple[int, int]]) -> str:
    return "[" + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges) + "]"


_INVISIBLE = re.compile(_character_class(_RANGES))
_UNCLEAR = re.compile(_character_class((*_RANGES, *_SPACES)))


def visible(text: str, *, keep: str = "\n\t") -> str:
    """``text`` with every invisible or controlling character named, as in ``⟨ESC⟩`` or ``⟨U+202E⟩``.

    The characters of ``keep`` stay, and so do the joiners and selectors that hold an emoji together.
    """
    return _replace(text, keep, _named)


def exact(text: str, *, keep: str = "") -> str:
    """As :func:`visible`, with every space but U+0020 named as well: for what a person is to say yes to."""
    return _replace(text, keep, _named, _UNCLEAR)


def visible_cells(text: str) -> str:
    """``text`` with every such character as one sign of one cell: ``␛`` and its like, or ``�``."""
    return _replace(text, "", _sign)


def escaped(text: str) -> str:
    """``text``, which is JSON, with every such character but line ends escaped as JSON does it: it means the same."""
    return _replace(text, "\n", _json_escape)


def logged(text: str) -> str:
    """``text`` with every such character but line ends and tabs as Python writes it, for ``grep``."""
    return _replace(text, "\n\t", lambda character: ascii(character)[1:-1])


def is_invisible_in(text: str) -> bool:
    """Whether ``text`` has a character that :func:`visible` may have to name."""
    return _INVISIBLE.search(text) is not None


def _replace(text: str, keep: str, form: Callable[[str], str], which: re.Pattern[str] = _INVISIBLE) -> str:
    if which.search(text) is None:
        return text

    def replace(match: re.Match[str]) -> str:
        character = match.group()
        if character in keep or _holds_an_emoji(text, match.start()):
            return character
        return form(character)

    return which.sub(replace, text)


def _holds_an_emoji(text: str, index: int) -> bool:
    before = text[index - 1] if index else ""
    after = text[index + 1 : index + 2]
    if text[index] == _EMOJI_STYLE:
        return _is_symbol(before) or after == _KEYCAP
    if text[index] == _ZERO_WIDTH_JOINER:
        begins = _is_symbol(before) or (before == _EMOJI_STYLE and index > 1 and _is_symbol(text[index - 2]))
        return begins and _is_symbol(after)
    return False


def _is_symbol(character: str) -> bool:
    return character != "" and ord(character) > _LAST_LATIN and category(character) in _SYMBOLS


def _named(character: str) -> str:
    return f"⟨{_NAMES.get(ord(character), f'U+{ord(character):04X}')}⟩"


def _sign(character: str) -> str:
    code = ord(character)
    if code < _SPACE:
        return chr(_CONTROL_PICTURES + code)
    return "␡" if code == _DELETE else "�"


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[index]:02x}{units[index + 1]:02x}" for index in range(0, len(units), 2))
