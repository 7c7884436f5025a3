"""One tab: its transcript above, its foot below; it tells what is done here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import uuid4

from textual.app import ComposeResult

from client.commands import find_command
from client.core.leaving import Leaving
from client.core.saved_tabs import SavedTab
from client.core.tab_mark import LinkState, TabState
from client.core.taken_back import taken_back
from client.core.transcript_entries import Said
from client.core.visible_text import visible
from client.ports import ConnectedDevice, Resumed
from client.widgets.approval_panel import ApprovalPanel
from client.widgets.chat_messages import (
    ChatAnswered,
    ChatCancelWanted,
    ChatCodeRefused,
    ChatCommandCalled,
    ChatHeardNews,
    ChatSaid,
    ChatSpent,
    ChatStateChanged,
    ChatTakeOverWanted,
    ChatWished,
)
from client.widgets.composer import Composer
from client.widgets.hearing_tab import HearingTab
from client.widgets.held_line import HeldLine
from client.widgets.tab_foot import TabFoot
from client.widgets.transcript import Transcript
from shared.frames import ApprovalAsked, Choice
from shared.ids import MessageId
from shared.news import News
from shared.usage import TokenUsage


class ChatTab(HearingTab):
    """What the person does in it is posted; it hears its link."""

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self.transcript
        yield self.foot

    @property
    def title(self) -> str | None:
        """What the tab is called: as the person wants it, or by what was said first in it."""
        return self.given_title or self._name_without or None

    @property
    def _name_without(self) -> str:
        # Until all is told again, what stands first may be what waits to be sent again.
        first, before = self.conversation.title or "", self.before.name
        return (before or first) if self.conversation.seen < self.heard_before else (first or before)

    @property
    def resumed(self) -> Resumed | None:
        """The conversation that the tab is to go on with, before there is a line to ask."""
        return self.before.start

    @property
    def is_blank(self) -> bool:
        """Whether the person left nothing in it: no word and no title."""
        return not self.composer.has_draft and self.given_title is None and self.conversation.title is None

    @property
    def state(self) -> TabState:
        """What the label and the status line say."""
        conversation = self.conversation
        return TabState(
            link=self.link_state,
            approvals=len(self.panel.queue.waiting) if self.is_mounted else 0,
            is_working=conversation.is_working or (bool(conversation.waiting) and self.link_state is LinkState.OPEN),
            has_error=conversation.has_failed,
            is_unread=self.is_unread and not self.is_front,
        )

    def leaving(self, name: str) -> Leaving:
        """What would be lost with this tab, which the screen calls ``name``."""
        conversation, approvals = self.conversation, len(self.panel.queue.waiting)
        return Leaving(
            name,
            self.composer.has_draft,
            conversation.is_working,
            len(conversation.waiting),
            approvals,
            is_open=self.link_state is LinkState.OPEN,
        )

    def take_back(self, message_ids: Iterable[MessageId]) -> None:
        """Of these messages, what the agent did not get is the draft again, above what is written there."""
        draft = taken_back(message_ids, self.conversation.entries, self.composer.text)
        if draft != self.composer.text:
            self.composer.complete(draft)

    def saved(self, start: Resumed | None) -> SavedTab:
        """What is kept of the tab for the next start; its conversation goes on from ``start``."""
        if not self.is_mounted:
            return self.before
        rows_below = self.transcript.place.rows_below
        if start is not None and self.conversation.seen < self.heard_before:
            # It is still being told what it knew.
            start, rows_below = replace(start, last_seq=self.heard_before), self.before.rows_below
        waiting = [self.conversation.entries[message_id] for message_id in self.conversation.waiting]
        return SavedTab(
            device=self.device,
            title=self.given_title,
            name=self._name_without,
            start=start,
            draft=self.composer.text,
            unsent=tuple((MessageId(said.key), said.text) for said in waiting if isinstance(said, Said)),
            rows_below=rows_below,
            is_unread=self.is_unread and not self.is_front,
        )

    def say_again(self) -> None:
        """What was said and not acknowledged before the program began waits here again."""
        for message_id, text in self.before.unsent:
            self._show(self.conversation.say(message_id, text))
            self.post_message(ChatSaid(self, message_id, text, is_repeat=True))

    def rename(self, title: str | None) -> None:
        """Call the tab so; ``None`` for what was said first in it."""
        self.given_title = title
        self._show([])

    def watch_is_front(self, is_front: bool) -> None:  # noqa: FBT001 (Textual's signature)
        """What is in front is drawn and seen."""
        self.panel.is_seen = is_front
        if is_front:
            self.is_unread = False
            self.transcript.reveal()
        else:
            self.transcript.hide()

    # --- what the screen is told --------------------------------------------------------------------------

    def tell_changed(self) -> None:
        """The tab looks different now."""
        self.post_message(ChatStateChanged(self))

    def tell_spent(self, in_all: TokenUsage) -> None:
        """What all conversations of the person used so far."""
        self.post_message(ChatSpent(self, in_all))

    def tell_news(self, news: News) -> None:
        """Something beside the conversation."""
        self.post_message(ChatHeardNews(self, news))

    def tell_refused(self, message: str) -> None:
        """The code that the tab was opened with is refused."""
        self.post_message(ChatCodeRefused(self, message))

    # --- what the person does -----------------------------------------------------------------------------

    def on_composer_sent(self, event: Composer.Sent) -> None:
        """Ours are run; everything else is for the agent."""
        event.stop()
        found = find_command(event.text)
        if found is not None:
            self.post_message(ChatCommandCalled(self, *found))
            return
        if self.conversation.held_by is not None:
            self.composer.complete(event.text)
            self.foot.held_line.focus()
            return
        message_id = MessageId(str(uuid4()))
        self._apply(self.conversation.say(message_id, event.text))
        self.transcript.place.forget()
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
        if (choice := event.answer.choice) is not None:
            self._apply(self.conversation.decide(event.answer.call_id, choice, self._stamp()))
        self.post_message(ChatAnswered(self, event.answer))

    def on_approval_panel_wished(self, event: ApprovalPanel.Wished) -> None:
        """The screen knows the devices, and has where to write a reason."""
        event.stop()
        self.post_message(ChatWished(self, event.wish, event.approval))

    def on_held_line_pressed(self, event: HeldLine.Pressed) -> None:
        """Take the conversation over."""
        event.stop()
        self.focus_composer()
        self.post_message(ChatTakeOverWanted(self))

    def ask_elsewhere(self, approval: ApprovalAsked, device: ConnectedDevice) -> bool:
        """Another device is to be asked; false if the question counts no longer."""
        answer = self.foot.decide(approval, None, device=device.connection)
        if answer is None:
            return False
        where = f"it is asked on {visible(device.device.label, keep='')}"
        self._apply(self.conversation.withdraw(approval.call_id, where, self._stamp()))
        self.post_message(ChatAnswered(self, answer))
        return True

    def reject(self, approval: ApprovalAsked, reason: str) -> bool:
        """The person says no, and why; false if the question counts no longer."""
        answer = self.foot.decide(approval, Choice.REJECT_ONCE, reason=reason)
        if answer is None:
            return False
        stamp = f"{self._stamp()}: {reason}" if reason else self._stamp()
        self._apply(self.conversation.decide(approval.call_id, Choice.REJECT_ONCE, stamp))
        self.post_message(ChatAnswered(self, answer))
        return True

    def focus_composer(self) -> None:
        """Put the cursor where the person writes."""
        self.foot.focus_composer()
