"""Markdown in which every link says where it leads, beside its own words, and does nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from client.core.link_target import is_told, shown_target

MOST_WORDS = 16 * 1024
"""Longest paragraph or cell, in characters, in which Markdown is looked for; a longer one stays as it was written."""
MOST_BRACKETS = 2_000
"""How many ``[`` outside of code are looked at, in all: each is tried as a link, within each other one."""


def live_parser() -> MarkdownIt:
    """For the answer that is being given: as Textual's own, with the links written out.

    An address that just stands there is text: looking for those takes a time that grows with the square of the answer.
    """
    return _prepared(MarkdownIt("gfm-like", {"linkify": False}))


def finished_parser() -> MarkdownIt:
    """For an answer that is finished: as Rich's own, with the links written out."""
    return _prepared(MarkdownIt().enable("strikethrough").enable("table"))


def _prepared(parser: MarkdownIt) -> MarkdownIt:
    parser.core.ruler.at("inline", _parse_words)
    parser.core.ruler.push("written_links", _write_links)
    return parser


def _parse_words(state: StateCore) -> None:
    # As the parser's own rule, but for what only somebody writes who wants the screen to stand still.
    brackets = 0
    for token in state.tokens:
        if token.type != "inline":
            continue
        brackets += token.content.count("[")
        if len(token.content) > MOST_WORDS or brackets > MOST_BRACKETS:
            token.children = [_text(token.content)]
        else:
            token.children = []
            state.md.inline.parse(token.content, state.md, state.env, token.children)


def _write_links(state: StateCore) -> None:
    for token in state.tokens:
        if token.children:
            token.children = _written(token.children)


def _written(tokens: Sequence[Token]) -> list[Token]:
    # What drew an underlined link is now underlined, or emphasised, text: there is nothing left to click.
    written: list[Token] = []
    target, begin = "", 0
    for token in tokens:
        if token.type == "link_open":
            target, begin = shown_target(str(token.attrs.get("href", ""))), len(written)
            written.append(Token("em_open", "em", 1))
        elif token.type == "link_close":
            words = "".join(inner.content for inner in written[begin:])
            written.append(Token("em_close", "em", -1))
            if not is_told(words, target):
                written.append(_text(f" ({target})"))
        elif token.type == "image":
            written += (_text(f"🖼  {token.content} ({shown_target(str(token.attrs.get('src', '')))})"),)
        else:
            written.append(token)
    return written


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
