"""One tab: its transcript above, its foot below; it hears its link and tells what is done here."""

from __future__ import annotations

from typing import assert_never
from uuid import uuid4

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive

from client.clocks import Clocks
from client.commands import find_command
from client.core.conversation import Conversation
from client.core.leaving import Leaving
from client.core.tab_mark import LinkState, TabState
from client.core.transcript_entries import Changes, Tone
from client.widgets.approval_panel import ApprovalPanel
from client.widgets.chat_messages import (
    ChatAnswered,
    ChatCancelWanted,
    ChatCommandCalled,
    ChatHeardNews,
    ChatSaid,
    ChatSpent,
    ChatStateChanged,
)
from client.widgets.composer import Composer
from client.widgets.tab_foot import TabFoot
from client.widgets.transcript import Transcript
from shared.frames import ApprovalAsked, ApprovalWithdrawn, Device, ToolCalled, Update, UsageChanged, Welcome
from shared.ids import MessageId
from shared.news import News, Notice, PersonReset, StateChanged


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
        self.transcript = Transcript(self.conversation.entries)
        self.foot = TabFoot(device.label, clocks)
        self._clocks = clocks

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self.transcript
        yield self.foot

    @property
    def panel(self) -> ApprovalPanel:
        """The tab's approvals."""
        return self.foot.panel

    @property
    def composer(self) -> Composer:
        """The tab's composer."""
        return self.foot.writing.composer

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
        if isinstance(update, UsageChanged) and update.user is not None:
            self.post_message(ChatSpent(self, update.user))

    def lost(self, reason: str) -> None:
        """The line broke: what waited here is over."""
        self.link_state = LinkState.LOST
        self._withdraw_all("the line broke")
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
        self.foot.ask(approval)
        self._apply(self.conversation.ask(approval))

    def approval_withdrawn(self, withdrawal: ApprovalWithdrawn) -> None:
        """A question no longer counts."""
        if self.foot.withdraw(withdrawal):
            self._apply(self.conversation.withdraw(withdrawal.call_id, withdrawal.reason, self._stamp()))

    def tool_called(self, call: ToolCalled) -> None:
        """A tool of this device begins to run."""
        self._apply(self.conversation.called(call))

    def heard_news(self, news: News) -> None:
        """What concerns this tab is told here; the screen hears of everything."""
        match news:
            case StateChanged():
                self._show(self.conversation.changed_elsewhere(news))
            case PersonReset(message):
                self.was_reset(message)
            case Notice():
                pass
            case _:
                assert_never(news)
        self.post_message(ChatHeardNews(self, news))

    def was_reset(self, message: str) -> None:
        """The conversation is gone on the server; telling it again with the same words changes nothing."""
        self._withdraw_all("everything was reset")
        self._apply(self.conversation.reset(message))

    def show_track(self, track: str) -> None:
        """The device plays ``track`` now."""
        self.track = track
        self.post_message(ChatStateChanged(self))

    def remark(self, text: str, tone: Tone = Tone.INFO) -> None:
        """Say a sentence of the program; one that is no error cuts no answer in two."""
        told = self.conversation.note(text, tone) if tone is Tone.ERROR else self.conversation.remark(text)
        self._apply(told)

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

    def on_composer_cancel_wanted(self, event: Composer.CancelWanted) -> None:
        """Only a running answer can be cancelled."""
        event.stop()
        if self.conversation.is_working or self.conversation.waiting:
            self.post_message(ChatCancelWanted(self))

    def on_transcript_typed(self, event: Transcript.Typed) -> None:
        """What is typed in the transcript is typed in the draft."""
        event.stop()
        self.foot.type(event.character)

    def on_tab_foot_transcript_wanted(self, event: TabFoot.TranscriptWanted) -> None:
        """From the composer up."""
        event.stop()
        self.transcript.focus(scroll_visible=False)

    def on_approval_panel_answered(self, event: ApprovalPanel.Answered) -> None:
        """The decision stands in the transcript, and goes out."""
        event.stop()
        answer = event.answer
        if answer.choice is not None:
            self._apply(self.conversation.decide(answer.call_id, answer.choice, self._stamp()))
        self.post_message(ChatAnswered(self, answer))

    def focus_composer(self) -> None:
        """Put the cursor where the person writes."""
        self.foot.focus_composer()

    # --- steps --------------------------------------------------------------------------------------------

    def _apply(self, changes: Changes) -> None:
        self.is_unread = self.is_unread or (bool(changes) and not self.is_front)
        self._show(changes)

    def _show(self, changes: Changes) -> None:
        self.transcript.apply(changes)
        self.foot.writing.commands = self.conversation.commands
        if self.foot.todo_list.todos is not self.conversation.todos:
            self.foot.plan(self.conversation.todos)
        self.post_message(ChatStateChanged(self))

    def _withdraw_all(self, why: str) -> None:
        for approval in self.foot.withdraw_all():
            self._apply(self.conversation.withdraw(approval.call_id, why, self._stamp()))

    def _stamp(self) -> str:
        return f"{self._clocks.wall():%H:%M}, {self.device.label}"
