"""A finished answer in the transcript: one widget with one drawn document."""

from __future__ import annotations

from rich.style import Style

from client.core.transcript_entries import Answer
from client.core.visible_text import visible
from client.widgets.entry_view import EntryView
from client.widgets.markdown_document import MarkdownDocument

MOST_MARKDOWN = 64 * 1024
"""Longest answer that is drawn as Markdown, in characters: a longer one could hold the screen up for many seconds."""
_CODE_THEMES = {True: "nord-darker", False: "xcode"}


class AnswerView(EntryView[Answer]):
    """Drawn again when the theme changes."""

    def on_mount(self) -> None:
        """Draw, and again with each theme."""
        super().on_mount()
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.show(self.entry))

    def show(self, entry: Answer) -> None:
        """Draw the answer's Markdown, or its text if that is very long."""
        self.entry = entry
        text = visible(entry.text)
        if len(text) > MOST_MARKDOWN:
            self.update(text)
            return
        theme = self.app.current_theme
        code_theme = "ansi_dark" if theme.ansi else _CODE_THEMES[theme.dark]
        self.update(MarkdownDocument(text, self._colors(), code_theme))

    def _colors(self) -> dict[str, Style]:
        variables = self.app.get_css_variables()
        primary, accent, quiet = variables["primary"], variables["accent"], variables["secondary"]
        heading = Style.parse(f"bold {primary}")
        return {
            **{f"markdown.h{level}": heading for level in range(1, 7)},
            "markdown.h1": heading + Style(underline=True),
            "ringback.code_ground": Style(bgcolor=variables["surface"]),
            "markdown.code": Style.parse(accent),
            "markdown.item.bullet": Style.parse(f"bold {primary}"),
            "markdown.item.number": Style.parse(f"bold {primary}"),
            "markdown.block_quote": Style.parse(quiet),
            "markdown.hr": Style.parse(quiet),
            "markdown.link": Style.parse(f"underline {primary}"),
            "markdown.link_url": Style.parse(f"underline {primary}"),
            "markdown.table.border": Style.parse(quiet),
            "markdown.table.header": Style.parse(f"bold {primary}"),
        }
