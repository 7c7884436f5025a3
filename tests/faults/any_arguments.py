"""Arguments of tool calls drawn at random, and changes to them, from hardly visible ones to wholly other arguments."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any

Arguments = dict[str, Any]

LABEL = "label"
"""The argument that tells a call from all others; a change may touch it, too."""
WORDS = ("path", "text", "n", "list", "Größe", "数", "a b", "__proto__", "$ref", "edited_by_user")
TEXTS = (
    "",
    "1",
    "true",
    "rm -rf /tmp/x",
    "a\u200bb",
    "a\u202eb",
    "e\u0301",
    "\u00e9",
    "line\nline",
    '"',
    "\\",
    "\x7f",
    "🙂" * 3,
)
NUMBERS = (0, 1, -1, 1.0, 0.1, 1e300, 2**53 + 1, True, False, None)


def any_value(dice: random.Random, depth: int = 0) -> Any:
    """A value of JSON."""
    match dice.randrange(6 if depth < 2 else 3):
        case 0 | 1:
            return dice.choice(NUMBERS)
        case 2 | 3:
            return dice.choice(TEXTS)
        case 4:
            return [any_value(dice, depth + 1) for _ in range(dice.randrange(3))]
        case _:
            return {word: any_value(dice, depth + 1) for word in dice.sample(WORDS, dice.randrange(3))}


def any_arguments(dice: random.Random, label: str) -> Arguments:
    """Arguments that nobody else has."""
    return {LABEL: label, **{word: any_value(dice) for word in dice.sample(WORDS, dice.randrange(5))}}


def changed(dice: random.Random, arguments: Arguments) -> Arguments:
    """Other arguments, however little."""
    while True:
        other = deepcopy(arguments)
        dice.choice(CHANGES)(dice, other)
        if canonical(other) != canonical(arguments):
            return other


def canonical(arguments: object) -> str:
    """One text for equal arguments: JSON tells ``1``, ``1.0`` and ``true`` from each other, Python does not."""
    return json.dumps(arguments, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(arguments: object) -> str:
    """What the person is shown as the hash of the arguments."""
    return hashlib.sha256(canonical(arguments).encode()).hexdigest()


# --- changes ---------------------------------------------------------------------------------------------------


def _one_letter(dice: random.Random, arguments: Arguments) -> None:
    arguments[LABEL] += dice.choice((" ", "\u200b", "\u00a0", "x", "\n"))


def _one_more(dice: random.Random, arguments: Arguments) -> None:
    arguments[dice.choice((*WORDS, "", "sudo"))] = any_value(dice)


def _one_less(dice: random.Random, arguments: Arguments) -> None:
    arguments.pop(dice.choice([*arguments]))


def _another_type(dice: random.Random, arguments: Arguments) -> None:
    name = dice.choice([*arguments])
    value = arguments[name]
    arguments[name] = float(value) if isinstance(value, int) else [value]


def _deep_inside(dice: random.Random, arguments: Arguments) -> None:
    for value in arguments.values():
        if isinstance(value, list):
            value.append(any_value(dice))
        elif isinstance(value, dict):
            value["deep"] = any_value(dice)


def _all_of_it(dice: random.Random, arguments: Arguments) -> None:
    arguments.clear()
    arguments.update(any_arguments(dice, "something else"))


def _nothing_left(_: random.Random, arguments: Arguments) -> None:
    arguments.clear()


CHANGES: tuple[Callable[[random.Random, Arguments], None], ...] = (
    _one_letter,
    _one_more,
    _one_less,
    _another_type,
    _deep_inside,
    _all_of_it,
    _nothing_left,
)
