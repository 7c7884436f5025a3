"""The program on the screen: paints first, then connects; themes, the display filter, and the way out."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.notifications import SeverityLevel
from textual.screen import Screen

from client.clocks import Clocks
from client.core.device_presets import PRESETS
from client.core.leaving import Way
from client.core.saved_tabs import SavedTab, SavedTabs
from client.core.visible_text import visible
from client.display_filter import DisplayFilter
from client.ports import OpenLink
from client.saved_tabs_file import SavedTabsFile
from client.screens.main import MainScreen
from client.screens.tab_keeper import TabKeeper
from client.screens.too_small import TooSmallScreen, is_too_small
from client.terminal_keys import mend_key_sequences
from client.themes import DARK, LIGHT
from client.widgets.answer_loader import load_all
from shared.frames import Device

# A widget's look lies beside it; here they are put together.
_HERE = Path(__file__).parent
_LOOKS = (
    "app.tcss",
    "widgets/chat_tabs.tcss",
    "widgets/tab_strip.tcss",
    "widgets/chat_tab.tcss",
    "widgets/transcript.tcss",
    "widgets/said_view.tcss",
    "widgets/answer_view.tcss",
    "widgets/live_answer.tcss",
    "widgets/thought_view.tcss",
    "widgets/tool_card.tcss",
    "widgets/note_view.tcss",
    "widgets/tab_foot.tcss",
    "widgets/todo_list.tcss",
    "widgets/approval_panel.tcss",
    "widgets/preview_view.tcss",
    "widgets/held_line.tcss",
    "widgets/writing_area.tcss",
    "widgets/command_hints.tcss",
    "widgets/composer.tcss",
    "widgets/status_line.tcss",
    "screens/dialog.tcss",
)


class RingbackApp(App[None]):
    """``theme`` is the name of any theme that Textual or Ringback has; an unknown one is told and not used."""

    TITLE = "Ringback"
    ENABLE_COMMAND_PALETTE = True
    CSS_PATH: ClassVar[list[str | PurePath]] = [_HERE / look for look in _LOOKS]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Leave Ringback", priority=True),
        Binding("ctrl+p", "command_palette", "All commands", priority=True),
    ]

    def __init__(
        self,
        *,
        open_link: OpenLink,
        device: Device,
        version: str,
        devices: tuple[Device, ...] = PRESETS,
        theme: str | None = None,
        clocks: Clocks | None = None,
        on_quit: Way = Way.ASK,
        saved: SavedTabs | None = None,
        file: SavedTabsFile | None = None,
        remark: str | None = None,
        exports: Path | None = None,
    ) -> None:
        """``saved`` are the tabs of before, if there are any; they are kept in ``file``, if there is one.

        ``remark`` is a sentence about them for the first tab. ``exports`` is the folder of exported conversations.
        """
        mend_key_sequences()
        super().__init__()
        self._filters.append(DisplayFilter())
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.bug: Exception | None = None
        """The first bug that ended the program; nothing of it is printed here."""
        self._wanted_theme = theme
        self._early_keys: list[events.Key] | None = []
        self._start_with_theme(theme if theme in self.available_themes else DARK.name)
        tabs = saved if saved is not None and saved.tabs else SavedTabs((SavedTab(device),))
        self.main = MainScreen(
            open_link=open_link,
            saved=tabs,
            devices=devices,
            version=version,
            clocks=clocks or Clocks(),
            on_quit=on_quit,
            is_kept=self._is_kept,
        )
        self.main.desk.exports = exports
        self._keeper = None if file is None else TabKeeper(file, self.main.saved, self._complain)
        self._remark = remark

    def get_default_screen(self) -> Screen[None]:
        """The main screen is the first one."""
        return self.main

    async def on_event(self, event: events.Event) -> None:
        """Keys pressed before there is anywhere to type are kept for then; Textual would drop them."""
        if self._early_keys is not None and isinstance(event, events.Key):
            self._early_keys.append(event)
        else:
            await super().on_event(event)

    async def on_ready(self) -> None:
        """The first picture is on its way: what was typed so far is typed now, and the lines connect after it."""
        await self._type_early_keys()
        self.main.call_after_refresh(self._begin)

    async def _type_early_keys(self) -> None:
        early, self._early_keys = self._early_keys or [], None
        for event in early:
            # Enter pressed before anything here ran came through the terminal's own line editing, as a line feed.
            await super().on_event(events.Key("enter", "\r") if event.key == "ctrl+j" else event)

    async def on_resize(self, event: events.Resize) -> None:
        """Cover the screen while it is too small."""
        covered = isinstance(self.screen, TooSmallScreen)
        if is_too_small(event.size) and not covered:
            await self.push_screen(TooSmallScreen())
        elif covered and not is_too_small(event.size):
            self.pop_screen()

    async def action_quit(self) -> None:
        """Leave, after asking if something would be lost."""
        self.main.desk.leave()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002 (Textual's)
        """The command palette has what keys and commands do, and the themes."""
        yield SystemCommand("Theme", "Choose the colours", self.action_change_theme)
        yield SystemCommand("Light or dark", "Change between Ringback's two themes", self.action_light_or_dark)
        yield SystemCommand("Leave Ringback", "Ctrl+Q", self.action_quit)
        for command in self.main.palette():
            yield SystemCommand(*command)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,  # noqa: ARG002 (Textual's signature)
    ) -> None:
        """Show a notice; neither it nor its title is ever read as markup, whoever wrote them."""
        heading = visible(title, keep="")
        super().notify(visible(message), title=heading, severity=severity, timeout=timeout, markup=False)

    def copy_to_clipboard(self, text: str) -> None:
        """Put ``text`` on the clipboard as it is; half a character, which cannot be sent, becomes a question mark."""
        super().copy_to_clipboard(text.encode("utf-8", "replace").decode("utf-8"))

    def action_light_or_dark(self) -> None:
        """Change between our two themes."""
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    def _handle_exception(self, error: Exception) -> None:
        # Textual would print the traceback, with all local variables, to the person's terminal.
        self.bug = self.bug or error
        super()._handle_exception(error)
        self._exit_renderables.clear()

    async def on_unmount(self) -> None:
        """Save the tabs as they are, and close every line."""
        if self._keeper is not None:
            await self._keeper.end()
        await self.main.lines.close_all()

    async def _is_kept(self) -> bool:
        return self._keeper is not None and await self._keeper.is_saved()

    def _complain(self, sentence: str) -> None:
        self.main.tabs.front.remark(sentence)

    def _start_with_theme(self, name: str) -> None:
        # Assigning the theme would have all looks parsed a second time, before the first paint.
        self.set_reactive(RingbackApp.theme, name)
        self.set_class(self.current_theme.dark, "-dark-mode")
        self.set_class(not self.current_theme.dark, "-light-mode")
        self._invalidate_css()
        self.stylesheet.set_variables(self.get_css_variables())

    async def _begin(self) -> None:
        self.run_worker(self.main.open_lines())
        if self._keeper is not None:
            self.run_worker(self._keeper.run())
        if self._remark is not None:
            self._complain(self._remark)
        if not gc.isenabled():  # put off by whoever started the program, so that nothing delays the first paint
            gc.freeze()
            gc.enable()
        if self._wanted_theme is not None and self._wanted_theme not in self.available_themes:
            self.notify(f"There is no theme {self._wanted_theme!r}; Ctrl+P, Theme lists them.", markup=False)
        await asyncio.to_thread(load_all)
