"""The main screen: the tabs, the status line and the keys; it carries messages between tabs and their lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from client.clocks import Clocks
from client.core.device_presets import device_named
from client.core.leaving import losses
from client.core.tab_details import TabDetails
from client.core.tab_mark import next_waiting
from client.core.transcript_entries import model_name
from client.lines import Lines
from client.ports import OpenLink
from client.screens.help_groups import help_groups, key_name
from client.screens.modal_loader import confirm_screen, details_screen, device_picker, help_screen
from client.tab_toolbox import TabToolbox
from client.widgets.chat_messages import ChatAnswered, ChatCancelWanted, ChatCommandCalled, ChatSaid
from client.widgets.chat_tab import ChatTab
from client.widgets.chat_tabs import ChatTabs
from client.widgets.status_line import Status, StatusLine
from client.widgets.tab_strip import TabStrip
from shared.frames import Device


class MainScreen(Screen[None]):
    """Implements :class:`client.commands.slash_command.CommandTarget`."""

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
        Binding("ctrl+o", "toggle_tool_cards", "Open or close all tool cards", priority=True),
        Binding("escape", "back", "Back to the draft", show=False),
    ]

    def __init__(
        self, *, open_link: OpenLink, device: Device, devices: tuple[Device, ...], version: str, clocks: Clocks
    ) -> None:
        super().__init__()
        self.lines: Lines[ChatTab] = Lines(open_link)
        self._first_device = device
        self._devices = devices
        self._version = version
        self._clocks = clocks

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield ChatTabs(self._first_device, self._clocks)
        yield StatusLine()

    @property
    def tabs(self) -> ChatTabs:
        """The tabs."""
        return self.query_exactly_one(ChatTabs)

    # --- tabs ---------------------------------------------------------------------------------------------

    def open_lines(self) -> None:
        """Connect the tabs that are there; to be called once the first picture is painted."""
        for chat in self.tabs.chats:
            self._open_line(chat)

    async def open_tab(self, device_label: str | None) -> None:
        """A new tab, as the device of that label or as the front tab's."""
        device = self.tabs.front.device if device_label is None else self._device(device_label)
        await self._add(device)

    @work
    async def close_chat(self, chat: ChatTab) -> None:
        """Close a tab, after asking if something would be lost; a fresh one takes the place of the last one."""
        await chat.settle()
        lost = losses([chat.leaving(self.tabs.name_of(chat))])
        if lost and not await self.app.push_screen_wait(confirm_screen("Close this tab?", lost, "Close it", "Keep it")):
            return
        if len(self.tabs.chats) == 1:
            await self._add(chat.device)
        self.tabs.take_out(chat)
        await self.lines.close(chat)
        await chat.remove()

    async def close_tab(self) -> None:
        """Close the front tab."""
        self.close_chat(self.tabs.front)

    async def action_new_tab(self) -> None:
        """Awaited, so that the next key lands in the new tab."""
        await self.open_tab(None)

    def action_close_tab(self) -> None:
        """Close the front tab."""
        self.close_chat(self.tabs.front)

    def action_pick_device(self) -> None:
        """Ask which device the new tab is."""
        self.app.push_screen(device_picker(self._devices), self._picked)

    async def _picked(self, device: Device | None) -> None:
        if device is not None:
            await self._add(device)

    def action_step(self, step: int) -> None:
        """Go round the tabs."""
        tabs = self.tabs
        tabs.show((tabs.chats.index(tabs.front) + step) % len(tabs.chats))

    def action_go(self, number: int) -> None:
        """Go to the tab of that number."""
        self.tabs.show(number - 1)

    def action_next_waiting(self) -> None:
        """Go to the next tab that waits for the person."""
        tabs = self.tabs
        index = next_waiting([chat.state for chat in tabs.chats], tabs.chats.index(tabs.front))
        if index is None:
            self.notify("No other tab waits for you.", markup=False)
        else:
            tabs.show(index)

    def action_back(self) -> None:
        """From wherever in the tab back to its draft."""
        self.tabs.front.focus_composer()

    async def _add(self, device: Device) -> None:
        self._open_line(await self.tabs.add(device))

    def _open_line(self, chat: ChatTab) -> None:
        self.lines.open(chat, chat.device, TabToolbox(self.app, chat))

    def _device(self, label: str) -> Device:
        known = {device.label.casefold(): device for device in (self._first_device, *self._devices)}
        return known.get(label.casefold()) or device_named(label)

    # --- other screens ------------------------------------------------------------------------------------

    def show_help(self) -> None:
        """Every key and command."""
        self.app.push_screen(help_screen(help_groups(self.app, self, self.tabs.front)))

    def show_details(self) -> None:
        """What there is to know of the front tab."""
        chat = self.tabs.front
        details = TabDetails(self.tabs.name_of(chat), chat.device, chat.link_state, chat.welcome, self._version)
        self.app.push_screen(details_screen(details))

    def toggle_tool_cards(self) -> None:
        """Open all tool cards of the front tab, or close them."""
        self.tabs.front.transcript.toggle_cards()

    def leave(self) -> None:
        """End the program, after asking if something would be lost."""
        self._leave()

    @work(exclusive=True, group="leave")
    async def _leave(self) -> None:
        await self.tabs.front.settle()
        lost = self.losses()
        if lost and not await self.app.push_screen_wait(confirm_screen("Leave Ringback?", lost, "Leave", "Stay")):
            return
        self.app.exit()

    def palette(self) -> Iterator[tuple[str, str, Callable[[], Awaitable[object]]]]:
        """What the keys do, for the command palette: what, which key, and how to do it."""
        told = set()
        for binding in Binding.make_bindings(self.BINDINGS):
            if binding.show and binding.action not in told:
                told.add(binding.action)
                yield binding.description, key_name(binding.key), partial(self.run_action, binding.action)

    def losses(self) -> tuple[str, ...]:
        """What leaving now would lose."""
        return losses(chat.leaving(self.tabs.name_of(chat)) for chat in self.tabs.chats)

    action_show_help = show_help
    action_show_details = show_details
    action_toggle_tool_cards = toggle_tool_cards

    # --- messages of the tabs -----------------------------------------------------------------------------

    def on_chat_said(self, event: ChatSaid) -> None:
        """To the tab's own line."""
        self.lines.say(event.chat, event.message_id, event.text)

    def on_chat_answered(self, event: ChatAnswered) -> None:
        """To the tab's own line."""
        self.lines.answer(event.chat, event.answer)

    def on_chat_cancel_wanted(self, event: ChatCancelWanted) -> None:
        """To the tab's own line."""
        self.lines.cancel(event.chat)

    async def on_chat_command_called(self, event: ChatCommandCalled) -> None:
        """Run the command here."""
        await event.command.run(self, event.argument)

    def on_chat_state_changed(self) -> None:
        """Labels and status line follow the tabs."""
        self.tabs.write_labels()
        self._write_status()

    def on_chat_tabs_front_changed(self) -> None:
        """The status line is the front tab's."""
        self._write_status()

    def on_tab_strip_chosen(self, event: TabStrip.Chosen) -> None:
        """A label was clicked."""
        self.tabs.show(event.index)

    def on_tab_strip_close_wanted(self, event: TabStrip.CloseWanted) -> None:
        """A label was clicked with the middle button."""
        self.close_chat(self.tabs.chats[event.index])

    async def on_tab_strip_new_wanted(self) -> None:
        """The plus was clicked."""
        await self.open_tab(None)

    def on_resize(self, event: events.Resize) -> None:
        """Approvals leave room for the rest."""
        for chat in self.tabs.chats:
            chat.panel.fit(event.size.height)

    def on_screen_resume(self) -> None:
        """What was covered must be seen anew before an answer counts."""
        for chats in self.query(ChatTabs):
            chats.front.panel.seen_anew()

    def _write_status(self) -> None:
        tabs = self.tabs
        chat = tabs.front
        elsewhere: Iterable[int] = (tabs.number(c) for c in tabs.chats if c is not chat and c.state.approvals)
        model = None if chat.welcome is None else model_name(chat.welcome.model)
        self.query_exactly_one(StatusLine).status = Status(
            chat.device.label, model, chat.link_state, chat.track, next(iter(elsewhere), None)
        )
