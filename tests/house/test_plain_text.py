"""What a widget is given is a fixed text, a Content, or said to be no markup: looked up in the source, each time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOWING = {"Static", "Label"}
TITLES = {"border_title", "border_subtitle", "tooltip"}


def read_as_markup(source: str) -> Iterator[int]:
    """The lines in which a text that is not fixed may be read as markup."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[first, *_], keywords=words) if name in SHOWING:
                is_safe = _is_plain(first) or any(_says_no_markup(word) for word in words)
            case ast.Call(func=ast.Attribute(attr="notify"), keywords=words):
                is_safe = any(_says_no_markup(word) for word in words)
            case ast.Call(func=ast.Attribute(attr="from_markup")):
                is_safe = False
            case ast.Assign(targets=[ast.Attribute(attr=title)], value=value) if title in TITLES:
                is_safe = _is_plain(value)
            case _:
                continue
        if not is_safe:
            yield node.lineno


def _is_plain(node: ast.expr) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.Call(func=ast.Name(id="Content") | ast.Attribute(value=ast.Name(id="Content"))):
            return True
        case ast.IfExp(body=body, orelse=otherwise):
            return _is_plain(body) and _is_plain(otherwise)
        case _:
            return False


def _says_no_markup(word: ast.keyword) -> bool:
    return word.arg == "markup" and isinstance(word.value, ast.Constant) and word.value.value is False


def test_nothing_from_outside_is_read_as_markup() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in (ROOT / "client").rglob("*.py")
        for line in read_as_markup(path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize(
    "line",
    [
        "Static(name)", 'Static(f"a {name}", id="x")', "Label(name, markup=True)", "self.notify(name)",
        "dialog.border_title = name", 'dialog.border_title = f"{name}"', "Content.from_markup(name)",
    ],
)  # fmt: skip
def test_a_planted_line_is_found(line: str) -> None:
    assert list(read_as_markup(line)) == [1]
