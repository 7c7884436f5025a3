"""Text that tries to drive a terminal or a screen: every kind of it, wrapped in whatever is shown, from one seed."""

from __future__ import annotations

import random
from collections.abc import Callable

CONTROL_MARK = "7777"
"""Stands in each control sequence that the text wants to smuggle in: one with it did not come from the program."""
MARKUP_MARK = "mk7777"
"""Stands after ``[bold]`` in all markup: where it is shown without that, somebody read the markup."""
WORD = "w7777"
"""Stands in each text as plain words: where it is shown, the text was shown."""

_STRING_ENDS = ("\x1b\\", "\x07", "\x9c")
_CSI = (
    "31m", "7777;7777H", "7777A", "7777B", "7777J", "7777K", "?7777h", "?7777l", "7777;7777r", "7777 q", "7777n",
    "7777c", ">7777u", "7777t", "7777L", "7777S", "!p", "38;5;7777m",
)  # fmt: skip
_STRINGS = {
    "OSC": ("]", "\x9d", ("0;7777", "2;7777", "52;c;Nzc3Nw==7777", "8;;http://7777.example", "9;7777", "22;7777",
                          "777;notify;7777", "10;#7777", "4;7777;?", "1337;File=7777", "133;A;7777", "50;7777")),
    "DCS": ("P", "\x90", ("7777+q544e", "$q7777m", "7777;1|17/17", "7777q#0")),
    "APC": ("_", "\x9f", ("G7777", "7777")),
    "PM": ("^", "\x9e", ("7777",)),
    "SOS": ("X", "\x98", ("7777",)),
}  # fmt: skip
_ESCAPES = ("c", "7", "8", "D", "E", "H", "M", "N", "O", "Z", "=", ">", "n", "o", "|", "}", "~", "#8", "(0", ")B", "%G")
_SINGLE = [
    *(chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"),
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029",
    *"\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u206a\u206f\u3164",
    *"\ufe00\ufe0e\ufe0f\ufeff\uffa0\ufff9\ufffa\ufffb\U0001d173\U000e0001\U000e0041\U000e007f\U000e0100\U000e01ef",
    *"\ud800\udbff\udc00\udfff\udc1b\udc9b\udc80",
]  # fmt: skip
_MARKUP = (
    "[bold]{0}[/bold]", "[bold]{0}[/]", "[link=http://7777.example] [bold]{0}[/link]", "[@click=app.quit] [bold]{0}[/]",
    "[@click=app.quit()] [bold]{0}[/]", "[@click=screen.dismiss] [bold]{0}", "[/] [bold]{0}", "[/no tag] [bold]{0}",
    "[on red] [bold]{0}", "[$error] [bold]{0}", "\\[[bold]{0}", "[bold]{0}[", "[[bold]{0}]]", "[@click=] [bold]{0}",
    "[@click=app.bell('7777')] [bold]{0}[/]",
)  # fmt: skip


def hostile(count: int, seed: int) -> list[str]:
    """``count`` texts; the kinds take turns, so that a short run has something of each."""
    chance = random.Random(seed)
    return [_wrapped(_KINDS[number % len(_KINDS)](chance), number + number // 80) for number in range(count)]


def harmless(count: int) -> list[str]:
    """As many texts in the same wrappings, in which nothing is hostile."""
    return [_wrapped("plain text", number) for number in range(count)]


def _csi(chance: random.Random) -> str:
    return chance.choice(("\x1b[", "\x9b", "\udc9b", "\x1b\x1b[")) + chance.choice(_CSI)


def _string(chance: random.Random) -> str:
    seven, eight, bodies = _STRINGS[chance.choice(tuple(_STRINGS))]
    return chance.choice((f"\x1b{seven}", eight)) + chance.choice(bodies) + chance.choice((*_STRING_ENDS, ""))


def _escape(chance: random.Random) -> str:
    return "\x1b" + chance.choice(_ESCAPES)


def _single(chance: random.Random) -> str:
    return "a" + "b".join(chance.choices(_SINGLE, k=chance.randint(1, 4))) + "c"


def _markup(chance: random.Random) -> str:
    return chance.choice(_MARKUP).format(MARKUP_MARK)


def _nested(chance: random.Random) -> str:
    # What is left of one when another is cut out of its middle.
    inner = _string(chance)
    return f"\x1b{inner}[7777m\x1b[{inner}7777m"


def _combining(chance: random.Random) -> str:
    return "e" + "".join(chance.choices("\u0300\u0336\u0489\u20dd\u0e49\u1ab0\ufe20", k=chance.randint(50, 400)))


def _mixed(chance: random.Random) -> str:
    return "".join(kind(chance) for kind in chance.choices(_KINDS[:-1], k=3))


_KINDS: tuple[Callable[[random.Random], str], ...] = (
    _csi, _string, _single, _markup, _escape, _string, _single, _nested, _combining, _mixed,
)  # fmt: skip
_WRAPPINGS = (
    "{w} {x}",
    "{x}",
    "```\n{w} {x}\n```",
    "```{x}\n{w}\n```",
    "[{w} {x}](http://a.example/{x})",
    "<http://a.example/{x}> {w}",
    "| {w} | b |\n|---|---|\n| {x} | c |",
    "<b onclick='{x}'>{w} {x}</b>",
    '![{w} {x}](http://a.example/{x}.png "{x}")',
    "# {w} {x}",
    "> {w} {x}\n\n1. {x}\n- [ ] {x}",
    "`{w} {x}` **{x}** ~~{x}~~",
    "[{w}][r]\n\n[r]: <{x}> '{x}'",
    "a\n{w} {x}\nb",
    "{w} [x](javascript:{x}) http://{x}.example/",
    "&#27;[7777m {w} &#x9b;7777m {x} &#8238;",
)


def _wrapped(text: str, turn: int) -> str:
    return _WRAPPINGS[turn % len(_WRAPPINGS)].replace("{w}", WORD).replace("{x}", text)
