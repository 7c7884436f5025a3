"""One tab: its transcript, the question that waits, and the composer; it hears its link and tells what is done here."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import uuid4

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive
from textual.widgets import TextArea

from client.clocks import Clocks
from client.commands import COMMANDS, find_command
from client.core.command_matching import CommandHint, completed, fitting
from client.core.conversation import Changes, Conversation
from client.core.leaving import Leaving
from client.core.tab_mark import LinkState, TabState
from client.core.transcript_entries import Tone
from client.widgets.approval_panel import ApprovalPanel
from client.widgets.chat_messages import (
    ChatAnswered,
    ChatCancelWanted,
    ChatCommandCalled,
    ChatSaid,
    ChatStateChanged,
)
from client.widgets.command_hints import CommandHints
from client.widgets.composer import Composer
from client.widgets.transcript import Transcript
from shared.frames import ApprovalAsked, ApprovalWithdrawn, Device, ToolCalled, Update, Welcome
from shared.ids import MessageId

SETTLING_SECONDS = 1.0


class ChatTab(Vertical):
    """Implements :class:`client.ports.TabEvents`; ``is_front`` is set by the owner of the tabs."""

    is_front: reactive[bool] = reactive(default=False, init=False)

    def __init__(self, device: Device, clocks: Clocks, pane_id: str) -> None:
        super().__init__(id=pane_id)
        self.device = device
        self.conversation = Conversation()
        self.welcome: Welcome | None = None
        self.link_state = LinkState.CONNECTING
        self.track: str | None = None
        self.is_unread = False
        self._clocks = clocks

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Transcript(self.conversation.entries)
        yield ApprovalPanel(self.device.label, self._clocks)
        yield CommandHints()
        yield Composer()

    @property
    def transcript(self) -> Transcript:
        """The tab's transcript."""
        return self.query_exactly_one(Transcript)

    @property
    def panel(self) -> ApprovalPanel:
        """The tab's approvals."""
        return self.query_exactly_one(ApprovalPanel)

    @property
    def composer(self) -> Composer:
        """The tab's composer."""
        return self.query_exactly_one(Composer)

    @property
    def state(self) -> TabState:
        """What the label and the status line say."""
        conversation = self.conversation
        return TabState(
            link=self.link_state,
            approvals=len(self.panel.queue.waiting),
            is_working=conversation.is_working or (bool(conversation.waiting) and self.link_state is LinkState.OPEN),
            has_error=conversation.has_failed,
            is_unread=self.is_unread and not self.is_front,
        )

    def leaving(self, name: str) -> Leaving:
        """What would be lost with this tab, which the screen calls ``name``."""
        conversation, approvals = self.conversation, len(self.panel.queue.waiting)
        return Leaving(name, self.composer.has_draft, conversation.is_working, len(conversation.waiting), approvals)

    def watch_is_front(self, is_front: bool) -> None:  # noqa: FBT001 (Textual's signature)
        """What is in front is drawn and seen."""
        self.panel.is_seen = is_front
        self.transcript.is_shown = is_front
        if is_front:
            self.is_unread = False
            self.transcript.reveal()

    # --- what the link tells: TabEvents -------------------------------------------------------------------

    def opened(self, welcome: Welcome) -> None:
        """The session is open."""
        self.welcome, self.link_state = welcome, LinkState.OPEN
        self._apply(self.conversation.opened(welcome.session_id))

    def updated(self, seq: int, update: Update) -> None:
        """The next thing the server says."""
        self._apply(self.conversation.update(seq, update))

    def lost(self, reason: str) -> None:
        """The line broke: what waited here is over."""
        self.link_state = LinkState.LOST
        for approval in self.panel.withdraw_all():
            self._apply(self.conversation.withdraw(approval.call_id, "the line broke", self._stamp()))
        self._after_question()
        self._apply(self.conversation.lost(reason))

    def connecting(self, attempt: int, reason: str) -> None:  # noqa: ARG002 (the port's signature)
        """The link tries; the first try of a new tab is not a loss."""
        self.link_state = LinkState.CONNECTING if attempt == 1 else LinkState.LOST
        self._apply([])

    def failed(self, message: str) -> None:
        """There is no way to connect."""
        self.link_state = LinkState.FAILED
        self._apply(self.conversation.note(message, Tone.ERROR))

    def approval_asked(self, approval: ApprovalAsked) -> None:
        """A tool call waits for the person, here and nowhere else."""
        self.panel.ask(approval)
        self._apply(self.conversation.ask(approval))

    def approval_withdrawn(self, withdrawal: ApprovalWithdrawn) -> None:
        """A question no longer counts."""
        if self.panel.withdraw(withdrawal):
            self._apply(self.conversation.withdraw(withdrawal.call_id, withdrawal.reason, self._stamp()))
            self._after_question()

    def tool_called(self, call: ToolCalled) -> None:
        """A tool of this device begins to run."""
        self._apply(self.conversation.called(call))

    def show_track(self, track: str) -> None:
        """The device plays ``track`` now."""
        self.track = track
        self.post_message(ChatStateChanged(self))

    # --- what the person does -----------------------------------------------------------------------------

    def on_composer_sent(self, event: Composer.Sent) -> None:
        """Ours are run; everything else is for the agent."""
        event.stop()
        found = find_command(event.text)
        if found is not None:
            self.post_message(ChatCommandCalled(self, *found))
            return
        message_id = MessageId(str(uuid4()))
        self._apply(self.conversation.say(message_id, event.text))
        self.transcript.anchor()
        self.post_message(ChatSaid(self, message_id, event.text))

    def on_composer_forward_wanted(self, event: Composer.ForwardWanted) -> None:
        """To the approval if one waits; else Tab completes a command or goes to the transcript."""
        event.stop()
        longer = completed(self.composer.text, self._hints())
        if self.panel.queue.shown is not None:
            self.panel.focus(scroll_visible=False)
        elif event.by_tab and longer is not None:
            self.composer.complete(longer)
        elif event.by_tab:
            self.transcript.focus(scroll_visible=False)

    def on_composer_cancel_wanted(self, event: Composer.CancelWanted) -> None:
        """Only a running answer can be cancelled."""
        event.stop()
        if self.conversation.is_working or self.conversation.waiting:
            self.post_message(ChatCancelWanted(self))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Offer the commands that fit."""
        event.stop()
        self.query_exactly_one(CommandHints).hints = self._hints()

    @on(Transcript.Typed)
    @on(ApprovalPanel.Typed)
    def _type(self, event: Transcript.Typed | ApprovalPanel.Typed) -> None:
        """What is typed elsewhere in the tab is typed in the draft."""
        event.stop()
        self.focus_composer()
        self.composer.insert(event.character)

    def on_approval_panel_answered(self, event: ApprovalPanel.Answered) -> None:
        """The decision stands in the transcript, and goes out."""
        event.stop()
        answer = event.answer
        if answer.choice is not None:
            self._apply(self.conversation.decide(answer.call_id, answer.choice, self._stamp()))
        self.post_message(ChatAnswered(self, answer))
        self._after_question()

    def on_approval_panel_left(self, event: ApprovalPanel.Left) -> None:
        """Back to the draft."""
        event.stop()
        self.focus_composer()

    async def settle(self) -> None:
        """Return when every key pressed so far has reached the draft, or after :data:`SETTLING_SECONDS`."""
        settled = asyncio.Event()
        self.composer.call_later(settled.set)
        with suppress(TimeoutError):
            await asyncio.wait_for(settled.wait(), SETTLING_SECONDS)

    def focus_composer(self) -> None:
        """Put the cursor where the person writes, at once: the next key must land there."""
        self.screen.set_focus(self.composer, scroll_visible=False)

    # --- steps --------------------------------------------------------------------------------------------

    def _apply(self, changes: Changes) -> None:
        self.is_unread = self.is_unread or (bool(changes) and not self.is_front)
        self.transcript.apply(changes)
        self.post_message(ChatStateChanged(self))

    def _after_question(self) -> None:
        if self.panel.queue.shown is None and self.panel.has_focus:
            self.focus_composer()

    def _hints(self) -> tuple[CommandHint, ...]:
        ours = [CommandHint(command.name, command.summary, command.hint) for command in COMMANDS]
        offered = self.conversation.commands
        agents = [CommandHint(command.name, command.description, command.hint or "") for command in offered]
        return fitting(self.composer.text, [*ours, *agents])

    def _stamp(self) -> str:
        return f"{self._clocks.wall():%H:%M}, {self.device.label}"
