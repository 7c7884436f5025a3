"""What a person can command, by key, palette or slash command: it acts on the tabs and opens what lies over them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING

from textual.screen import Screen

from client.core import reset_words
from client.core.approval_words import Wish
from client.core.device_presets import device_named
from client.core.leaving import Way
from client.core.tab_details import TabDetails
from client.core.tab_mark import next_waiting
from client.core.transcript_entries import Tone
from client.lines import NOT_YET, Lines
from client.ports import PersonalData, Start
from client.screens import modal_loader
from client.screens.approval_wishes import ApprovalWishes
from client.screens.departure import Departure
from client.screens.exporting import Exporting
from client.screens.handovers import Handovers
from client.screens.help_groups import help_groups
from client.screens.news_board import NewsBoard
from client.tab_toolbox import TabToolbox
from client.widgets.chat_tab import ChatTab
from client.widgets.chat_tabs import ChatTabs
from shared.errors import RingbackError
from shared.frames import ApprovalAsked, Device
from shared.news import HandedOver
from shared.usage import TokenUsage

if TYPE_CHECKING:
    from client.screens.state import StateScreen


class Desk(Exporting):
    """Implements :class:`client.commands.slash_command.CommandTarget` for one screen of tabs."""

    def __init__(
        self,
        screen: Screen[None],
        tabs: ChatTabs,
        lines: Lines[ChatTab],
        news: NewsBoard,
        *,
        devices: tuple[Device, ...],
        version: str,
        on_quit: Way,
        is_kept: Callable[[], Awaitable[bool]],
    ) -> None:
        """``devices`` are the ones to choose from for a new tab; ``is_kept`` says if tabs outlive the program."""
        self._screen = screen
        self._tabs = tabs
        self._lines = lines
        self._news = news
        self._devices = devices
        self._version = version
        self.used_in_all: TokenUsage | None = None
        """What all conversations of the person used, as it was told last."""
        self._state: StateScreen | None = None
        self._wishes = ApprovalWishes(screen, lines)
        self._handovers = Handovers(
            screen, tabs, lines, open_tab=self.add, open_line=self.open_line, take_away=self._take_away
        )
        self.departure = Departure(screen, tabs, lines, on_quit=on_quit, is_kept=is_kept, unsaved=self._unsaved)

    # --- tabs ---------------------------------------------------------------------------------------------

    def open_line(self, chat: ChatTab) -> None:
        """Connect a tab that is there."""
        self._lines.open(chat, chat.device, TabToolbox(self._screen.app, chat), chat.start)
        chat.say_again()

    async def open_tab(self, device_label: str | None) -> None:
        """A new tab, as the device of that label or as the front tab's."""
        await self.add(self._tabs.front.device if device_label is None else self._device(device_label))

    async def add(self, device: Device, start: Start | None = None) -> ChatTab:
        """A new tab as that device, which goes on from ``start``."""
        chat = await self._tabs.add(device, start)
        self.open_line(chat)
        return chat

    def rename(self, title: str | None) -> None:
        """Give the front tab a title; ``None`` takes it away."""
        self._tabs.front.rename(title)

    async def close_tab(self) -> None:
        """Close the front tab."""
        self.close_chat(self._tabs.front)

    def close_chat(self, chat: ChatTab) -> None:
        """Close a tab, after asking if something would be lost; a fresh one takes the place of the last one."""
        self._work(self._close_chat(chat))

    def pick_device(self) -> None:
        """Ask which device the new tab is."""
        self._work(self._pick_device())

    async def go_to_waiting(self) -> None:
        """Go to the next tab that waits for the person."""
        tabs = self._tabs
        index = next_waiting([chat.state for chat in tabs.chats], tabs.chats.index(tabs.front))
        if index is None:
            self._screen.notify("No other tab waits for you.", markup=False)
        else:
            await tabs.show(index)

    def toggle_tool_cards(self) -> None:
        """Open all tool cards of the front tab, or close them."""
        self._tabs.front.transcript.toggle_cards()

    def toggle_todos(self) -> None:
        """Unfold the todos of the front tab, or fold them."""
        if self._tabs.front.conversation.todos:
            self._tabs.front.foot.toggle_todos()
        else:
            self._screen.notify("The agent has no todos in this tab.", markup=False)

    # --- to and from other devices ------------------------------------------------------------------------

    def hand_over(self) -> None:
        """Hand the front tab's conversation over, after asking where to."""
        self._work(self._handovers.hand_over(self._tabs.front))

    async def join(self, code: str) -> None:
        """A new tab that goes on with the conversation of that code."""
        await self._handovers.join(code)

    def take_over(self) -> None:
        """Take the front tab's conversation from the device that holds it."""
        self.take_over_in(self._tabs.front)

    def take_over_in(self, chat: ChatTab) -> None:
        """Take that tab's conversation from the device that holds it."""
        self._handovers.take_over(chat)

    def handed(self, news: HandedOver, *, by: ChatTab) -> None:
        """``by`` heard that a conversation is handed to it."""
        self._work(self._handovers.handed(news, by=by))

    def refused(self, chat: ChatTab, message: str) -> None:
        """The code that ``chat`` was opened with is refused."""
        self._work(self._handovers.refused(chat, message))

    def wished(self, chat: ChatTab, wish: Wish, approval: ApprovalAsked) -> None:
        """The person wants something of a question in ``chat`` before it is answered."""
        self._work(self._wishes.wished(chat, wish, approval))

    # --- over the tabs ------------------------------------------------------------------------------------

    def show_help(self) -> None:
        """Every key and command."""
        app = self._screen.app
        app.push_screen(modal_loader.help_screen(help_groups(app, self._screen, self._tabs.front)))

    def show_details(self) -> None:
        """What there is to know of the front tab."""
        chat = self._tabs.front
        details = TabDetails(
            name=self._tabs.name_of(chat),
            device=chat.device,
            link=chat.link_state,
            welcome=chat.welcome,
            version=self._version,
            usage=chat.conversation.usage,
            used_in_all=self.used_in_all,
        )
        self._screen.app.push_screen(modal_loader.details_screen(details))

    def show_state(self) -> None:
        """The person's shared state, to look at and to edit."""
        personal = self._personal()
        if personal is not None:
            self._state = modal_loader.state_screen(personal, self._news.state_changed)
            self._screen.app.push_screen(self._state)

    def show_grants(self) -> None:
        """What runs without asking, to look at and to take back."""
        self._show_for_person(modal_loader.grants_screen)

    def show_metrics(self) -> None:
        """The server's counters."""
        self._show_for_person(modal_loader.metrics_screen)

    def reset_person(self) -> None:
        """Forget the person's conversations and shared state, after asking."""
        personal = self._personal()
        if personal is not None:
            self._work(self._reset(self._tabs.front, personal))

    def leave(self) -> None:
        """End the program, after asking if something would be lost or is under way."""
        self._work(self.departure.leave())

    # --- steps --------------------------------------------------------------------------------------------

    def _show_for_person(self, screen_of: Callable[[PersonalData], Screen[None]]) -> None:
        personal = self._personal()
        if personal is not None:
            self._screen.app.push_screen(screen_of(personal))

    def _personal(self) -> PersonalData | None:
        personal = self._lines.personal(self._tabs.front)
        if personal is None:
            self._screen.notify(NOT_YET, markup=False)
        return personal

    def _device(self, label: str) -> Device:
        known = {device.label.casefold(): device for device in (*(c.device for c in self._tabs.chats), *self._devices)}
        return known.get(label.casefold()) or device_named(label)

    def _unsaved(self) -> tuple[str, ...]:
        state = self._state
        return () if state is None or state not in self._screen.app.screen_stack else state.unsaved()

    async def _close_chat(self, chat: ChatTab) -> None:
        if not await self.departure.may_close(chat):
            return
        if len(self._tabs.chats) == 1:
            await self.add(chat.device)
        await self._take_away(chat)

    async def _take_away(self, chat: ChatTab) -> None:
        await self._tabs.take_out(chat)
        await self._lines.close(chat)
        await chat.remove()

    async def _pick_device(self) -> None:
        index = await self._screen.app.push_screen_wait(modal_loader.device_picker(self._devices))
        if index is not None:
            await self.add(self._devices[index])

    async def _reset(self, chat: ChatTab, personal: PersonalData) -> None:
        question = modal_loader.confirm_screen(
            reset_words.QUESTION, reset_words.LOSSES, reset_words.YES, reset_words.NO
        )
        if not await self._screen.app.push_screen_wait(question):
            return
        try:
            message = await personal.reset()
        except RingbackError as error:
            chat.remark(str(error), Tone.ERROR)
        else:
            chat.was_reset(message)

    def _work(self, work: Coroutine[None, None, None]) -> None:
        self._screen.run_worker(work)
