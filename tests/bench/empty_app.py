"""The floor: an empty Textual app with three tabs."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Label, TabbedContent, TabPane


class EmptyApp(App[None]):
    """Three tabs with a word in each."""

    def compose(self) -> ComposeResult:
        with TabbedContent():
            for name in ("floorone", "floortwo", "floorthree"):
                with TabPane(name):
                    yield Label(name)


if __name__ == "__main__":
    EmptyApp().run()
