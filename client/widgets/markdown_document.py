"""A finished answer's Markdown as one document that draws itself: light, and looking like the live one."""

from __future__ import annotations

from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement, TableElement
from rich.padding import Padding
from rich.style import Style
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from client.widgets.written_links import finished_parser


class _Heading(Heading):
    """At the left, bold, without a box."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = self.text
        text.justify = "left"
        if self.tag in {"h1", "h2"}:
            yield Text("")
        yield text


class _CodeBlock(CodeBlock):
    """On a ground of its own, one cell in from the left."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = str(self.text).rstrip()
        ground = console.get_style("ringback.code_ground").bgcolor
        syntax = Syntax(
            code,
            self.lexer_name,
            theme=self.theme,
            word_wrap=True,
            padding=(0, 1),
            background_color=None if ground is None else ground.name,
        )
        yield Padding(syntax, (0, 0, 1, 0))


class _Table(TableElement):
    """Without the empty rows above and below."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for part in super().__rich_console__(console, options):
            if isinstance(part, Table):
                part.show_edge = False
            yield part


class MarkdownDocument(Markdown):
    """Markdown drawn with ``colors``: Rich style names to Rich styles. Links are written out, never live."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _CodeBlock,
        "code_block": _CodeBlock,
        "table_open": _Table,
    }

    def __init__(self, text: str, colors: dict[str, Style], code_theme: str) -> None:
        super().__init__("", code_theme=code_theme, hyperlinks=False)
        self.parsed = finished_parser().parse(text)
        self._look = Theme(colors, inherit=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with console.use_theme(self._look):
            yield from super().__rich_console__(console, options)
