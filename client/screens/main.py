"""The main screen: the tabs, the status line and the keys; it carries messages between tabs and their lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from client.clocks import Clocks
from client.commands.handoff import COMMAND as HANDOFF
from client.commands.metrics import COMMAND as METRICS
from client.commands.reset import COMMAND as RESET
from client.commands.take import COMMAND as TAKE
from client.core.leaving import Way
from client.core.saved_tabs import SavedTabs
from client.core.transcript_entries import model_name
from client.lines import Lines
from client.ports import OpenLink
from client.screens.desk import Desk
from client.screens.help_groups import key_name
from client.screens.news_board import NewsBoard
from client.widgets.chat_messages import (
    ChatAnswered,
    ChatCancelWanted,
    ChatCodeRefused,
    ChatCommandCalled,
    ChatHeardNews,
    ChatSaid,
    ChatSpent,
    ChatTakeOverWanted,
    ChatWished,
)
from client.widgets.chat_tab import ChatTab
from client.widgets.chat_tabs import ChatTabs
from client.widgets.status_line import Status, StatusLine
from client.widgets.tab_strip import TabStrip
from shared.frames import Device
from shared.news import HandedOver

_WITHOUT_A_KEY = (HANDOFF, TAKE, METRICS, RESET)


class MainScreen(Screen[None]):
    """``tabs`` are all tabs, ``lines`` their links, and at the ``desk`` is done what a person commands."""

    BINDING_GROUP_TITLE = "Everywhere"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "show_help", "Help", priority=True),
        Binding("f2", "show_details", "Details of this tab", priority=True),
        Binding("ctrl+t", "new_tab", "New tab", priority=True),
        Binding("f3,ctrl+n", "pick_device", "New tab as another device", priority=True),
        Binding("f4,alt+w", "close_tab", "Close this tab", priority=True),
        Binding("ctrl+pagedown,f8,alt+right", "step(1)", "Next tab", priority=True),
        Binding("ctrl+pageup,f7,alt+left", "step(-1)", "Tab before", priority=True),
        *(Binding(f"alt+{n}", f"go({n})", f"Go to tab {n}", priority=True, show=False) for n in range(1, 10)),
        Binding("f6", "next_waiting", "Next tab that waits for you", priority=True),
        Binding("f5", "toggle_todos", "Unfold or fold the agent's todos", priority=True),
        Binding("f9", "show_state", "What the agent remembers", priority=True),
        Binding("ctrl+o", "toggle_tool_cards", "Open or close all tool cards", priority=True),
        Binding("escape", "back", "Back to the draft", show=False),
    ]

    def __init__(
        self,
        *,
        open_link: OpenLink,
        saved: SavedTabs,
        devices: tuple[Device, ...],
        version: str,
        clocks: Clocks,
        on_quit: Way,
        is_kept: Callable[[], Awaitable[bool]],
    ) -> None:
        """``saved`` are the first tabs, at least one."""
        super().__init__()
        self.lines: Lines[ChatTab] = Lines(open_link)
        self.tabs = ChatTabs(saved, clocks)
        self._news = NewsBoard(self, clocks)
        self.desk = Desk(
            self, self.tabs, self.lines, self._news, devices=devices, version=version, on_quit=on_quit, is_kept=is_kept
        )

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self.tabs
        yield StatusLine()

    async def open_lines(self) -> None:
        """Connect the first tabs, each once it is there; to be called once the first picture is painted."""
        await self.tabs.complete(self.desk.open_line)

    def saved(self) -> SavedTabs:
        """The tabs as they are now, for the next start."""
        chats = self.tabs.chats
        saved = [chat.saved(self.lines.resumable(chat) if self.lines.is_open(chat) else chat.resumed) for chat in chats]
        return SavedTabs(tuple(saved), chats.index(self.tabs.front))

    def palette(self) -> Iterator[tuple[str, str, Callable[[], Awaitable[object]]]]:
        """What keys and commands do, for the command palette: what, which key or command, and how to do it."""
        told = set()
        for binding in Binding.make_bindings(self.BINDINGS):
            if binding.show and binding.action not in told:
                told.add(binding.action)
                yield binding.description, key_name(binding.key), partial(self.run_action, binding.action)
        for command in _WITHOUT_A_KEY:
            yield command.summary, f"/{command.name}", partial(command.run, self.desk, "")

    # --- keys ---------------------------------------------------------------------------------------------

    def action_show_help(self) -> None:
        """Every key and command."""
        self.desk.show_help()

    def action_show_details(self) -> None:
        """What there is to know of the front tab."""
        self.desk.show_details()

    def action_show_state(self) -> None:
        """The person's shared state."""
        self.desk.show_state()

    async def action_new_tab(self) -> None:
        """Awaited, so that the next key lands in the new tab."""
        await self.desk.open_tab(None)

    async def action_close_tab(self) -> None:
        """Close the front tab."""
        await self.desk.close_tab()

    def action_pick_device(self) -> None:
        """Ask which device the new tab is."""
        self.desk.pick_device()

    async def action_step(self, step: int) -> None:
        """Go round the tabs."""
        await self.tabs.show((self.tabs.chats.index(self.tabs.front) + step) % len(self.tabs.chats))

    async def action_go(self, number: int) -> None:
        """Go to the tab of that number."""
        await self.tabs.show(number - 1)

    async def action_next_waiting(self) -> None:
        """Go to the next tab that waits for the person."""
        await self.desk.go_to_waiting()

    def action_toggle_tool_cards(self) -> None:
        """Open all tool cards of the front tab, or close them."""
        self.desk.toggle_tool_cards()

    def action_toggle_todos(self) -> None:
        """Unfold the todos of the front tab, or fold them."""
        self.desk.toggle_todos()

    def action_back(self) -> None:
        """From wherever in the tab back to its draft."""
        self.tabs.front.focus_composer()

    # --- messages of the tabs -----------------------------------------------------------------------------

    def on_chat_said(self, event: ChatSaid) -> None:
        """To the tab's own line."""
        self.lines.say(event.chat, event.message_id, event.text, is_repeat=event.is_repeat)

    def on_chat_answered(self, event: ChatAnswered) -> None:
        """To the tab's own line."""
        self.lines.answer(event.chat, event.answer)

    def on_chat_cancel_wanted(self, event: ChatCancelWanted) -> None:
        """To the tab's own line."""
        self.lines.cancel(event.chat)

    def on_chat_take_over_wanted(self, event: ChatTakeOverWanted) -> None:
        """From whoever holds it."""
        self.desk.take_over_in(event.chat)

    def on_chat_wished(self, event: ChatWished) -> None:
        """What it takes lies over the tabs."""
        self.desk.wished(event.chat, event.wish, event.approval)

    def on_chat_code_refused(self, event: ChatCodeRefused) -> None:
        """It concerns the tab that the code was written in."""
        self.desk.refused(event.chat, event.message)

    async def on_chat_command_called(self, event: ChatCommandCalled) -> None:
        """Run the command at the desk."""
        await event.command.run(self.desk, event.argument)

    def on_chat_heard_news(self, event: ChatHeardNews) -> None:
        """What concerns more than the tab that heard it."""
        if isinstance(event.news, HandedOver):
            self.desk.handed(event.news, by=event.chat)
        self._news.heard(event.news, by=event.chat, front=self.tabs.front)

    def on_chat_spent(self, event: ChatSpent) -> None:
        """The newest count is the one that is shown, in whichever tab."""
        self.desk.used_in_all = event.in_all

    def on_chat_state_changed(self) -> None:
        """Labels and status line follow the tabs."""
        self.tabs.write_labels()
        self._write_status()
        self.desk.departure.noted()

    def on_chat_tabs_front_changed(self) -> None:
        """The status line is the front tab's."""
        self._write_status()

    async def on_tab_strip_chosen(self, event: TabStrip.Chosen) -> None:
        """A label was clicked."""
        await self.tabs.show(event.index)

    def on_tab_strip_close_wanted(self, event: TabStrip.CloseWanted) -> None:
        """A label was clicked with the middle button."""
        self.desk.close_chat(self.tabs.chats[event.index])

    async def on_tab_strip_new_wanted(self) -> None:
        """The plus was clicked."""
        await self.desk.open_tab(None)

    def on_resize(self, event: events.Resize) -> None:
        """Approvals and todos leave room for the rest."""
        for chat in self.tabs.chats:
            if chat.is_mounted:  # the others find out when they are mounted
                chat.foot.fit(event.size.height)

    def on_screen_resume(self) -> None:
        """What was covered must be seen anew before an answer counts."""
        self.tabs.front.panel.seen_anew()

    def _write_status(self) -> None:
        tabs = self.tabs
        chat = tabs.front
        elsewhere: Iterable[int] = (tabs.number(c) for c in tabs.chats if c is not chat and c.state.approvals)
        model = None if chat.welcome is None else model_name(chat.welcome.model)
        usage = chat.conversation.usage
        self.query_exactly_one(StatusLine).status = Status(
            chat.device.label,
            model,
            chat.link_state,
            chat.track,
            next(iter(elsewhere), None),
            None if usage is None or usage.session is None else usage.session.total,
            chat.conversation.held_by,
        )
