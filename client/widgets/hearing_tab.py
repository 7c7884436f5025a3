"""The half of a tab that hears its link: what is told goes into the conversation, and what changed is shown."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import assert_never

from textual.containers import Vertical
from textual.reactive import reactive

from client.clocks import Clocks
from client.core.approval_preview import Preview
from client.core.conversation import Conversation
from client.core.saved_tabs import SavedTab
from client.core.tab_mark import LinkState
from client.core.transcript_entries import Changes, Tone
from client.ports import Start, Welcome
from client.widgets.approval_panel import ApprovalPanel
from client.widgets.composer import Composer
from client.widgets.tab_foot import TabFoot
from client.widgets.transcript import Transcript
from shared.frames import ApprovalAsked, ApprovalWithdrawn, Device, ToolCalled, Update, UsageChanged
from shared.news import DevicesChanged, HandedOver, News, Notice, PersonReset, StateChanged
from shared.usage import TokenUsage


class HearingTab(Vertical):
    """Implements :class:`client.ports.TabEvents`; ``is_front`` is set by the owner of the tabs.

    ``before`` is how the tab was left by the program before this one; what is told again until then is nothing new.
    """

    is_front: reactive[bool] = reactive(default=False, init=False)

    def __init__(self, before: SavedTab, clocks: Clocks, pane_id: str, start: Start | None) -> None:
        super().__init__(id=pane_id)
        self.device = before.device
        self.given_title = before.title
        self.before = before
        self.start = start
        self.conversation = Conversation()
        self.welcome: Welcome | None = None
        self.link_state = LinkState.CONNECTING
        self.track: str | None = None
        self.is_unread = before.is_unread
        self._known = self.heard_before
        self._clocks = clocks

    # The parts are made when they are wanted, so that the first picture waits for those of one tab and not of all.

    @cached_property
    def transcript(self) -> Transcript:
        """The tab's transcript."""
        return Transcript(self.conversation.entries)

    @cached_property
    def foot(self) -> TabFoot:
        """Where the tab waits for the person, and the person writes."""
        return TabFoot(self.device.label, self._clocks, self.before.draft)

    @property
    def panel(self) -> ApprovalPanel:
        """The tab's approvals."""
        return self.foot.panel

    @property
    def composer(self) -> Composer:
        """The tab's composer."""
        return self.foot.writing.composer

    @property
    def heard_before(self) -> int:
        """How many updates of the conversation the program before this one had heard; 0 in a new one."""
        return 0 if self.before.start is None else self.before.start.last_seq

    # --- what the screen is told --------------------------------------------------------------------------

    @abstractmethod
    def tell_changed(self) -> None:
        """The tab looks different now."""

    @abstractmethod
    def tell_spent(self, in_all: TokenUsage) -> None:
        """What all conversations of the person used so far."""

    @abstractmethod
    def tell_news(self, news: News) -> None:
        """Something beside the conversation."""

    @abstractmethod
    def tell_refused(self, message: str) -> None:
        """The code that the tab was opened with is refused."""

    # --- what the link tells: TabEvents -------------------------------------------------------------------

    def opened(self, welcome: Welcome) -> None:
        """The session is open."""
        self.welcome, self.link_state = welcome, LinkState.OPEN
        self._apply(self.conversation.opened(welcome.session_id))

    def updated(self, seq: int, update: Update) -> None:
        """The next thing the server says."""
        changes = self.conversation.update(seq, update)
        if seq > self._known:
            self._apply(changes)
        else:
            self._show(changes)
        if seq == self.heard_before:
            self.transcript.place.want(self.before.rows_below)
        if isinstance(update, UsageChanged) and update.user is not None:
            self.tell_spent(update.user)

    def cleared(self) -> None:
        """All is told again: what was told before is nothing new."""
        self._known = max(self._known, self.conversation.seen)
        self._show(self.conversation.cleared())

    def session_lost(self, message: str) -> None:
        """The session is gone, and another one begins."""
        self._forget_before()
        self._withdraw_all("the conversation was lost")
        self._apply(self.conversation.session_lost(message))

    def held(self, holder: Device) -> None:
        """Another device holds the conversation: the draft and what was not sent stay."""
        self.link_state = LinkState.HELD
        self._show(self.conversation.held(holder.label))

    def interrupted(self, reason: str) -> None:
        """The line broke, and the session goes on."""
        self.link_state = LinkState.LOST
        self._show(self.conversation.interrupted(reason))

    def resuming(self) -> None:
        """The line is there, and the session is taken up."""
        self.link_state = LinkState.RESUMING
        self._apply([])

    def lost(self, reason: str) -> None:
        """The line broke, and the session with it: what waited here is over."""
        self.link_state = LinkState.LOST
        self._withdraw_all("the line broke")
        tell = self._apply if self.conversation.is_working else self._show
        tell(self.conversation.lost(reason))

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

    def approval_previewed(self, approval: ApprovalAsked, preview: Preview) -> None:
        """What its tool would do here is known."""
        self.panel.complete(approval, preview)

    def approval_withdrawn(self, withdrawal: ApprovalWithdrawn) -> None:
        """A question no longer counts."""
        if self.foot.withdraw(withdrawal):
            self._apply(self.conversation.withdraw(withdrawal.call_id, withdrawal.reason, self._stamp()))

    def tool_called(self, call: ToolCalled) -> None:
        """A tool of this device begins to run."""
        self._apply(self.conversation.called(call))

    def refused(self, message: str) -> None:
        """Where the sentence belongs, the screen knows."""
        self.tell_refused(message)

    def heard_news(self, news: News) -> None:
        """What concerns this tab is told here; the screen hears of everything."""
        match news:
            case StateChanged():
                self._show(self.conversation.changed_elsewhere(news))
            case PersonReset(message):
                self.was_reset(message)
            case Notice() | HandedOver() | DevicesChanged():
                pass
            case _:
                assert_never(news)
        self.tell_news(news)

    def was_reset(self, message: str) -> None:
        """The conversation is gone on the server; telling it again with the same words changes nothing."""
        self._forget_before()
        self._withdraw_all("everything was reset")
        self._apply(self.conversation.reset(message))

    def show_track(self, track: str) -> None:
        """The device plays ``track`` now."""
        self.track = track
        self.tell_changed()

    def remark(self, text: str, tone: Tone = Tone.INFO) -> None:
        """Say a sentence of the program; one that is no error cuts no answer in two."""
        self._apply(self.conversation.note(text, tone) if tone is Tone.ERROR else self.conversation.remark(text))

    # --- steps --------------------------------------------------------------------------------------------

    def _forget_before(self) -> None:
        self.before, self._known = SavedTab(self.device), 0

    def _apply(self, changes: Changes) -> None:
        # Unread is what somebody said, or what ended; how the line is doing has a mark of its own.
        self.is_unread = self.is_unread or (bool(changes) and not self.is_front)
        self._show(changes)

    def _show(self, changes: Changes) -> None:
        self.transcript.apply(changes)
        self.foot.writing.commands = self.conversation.commands
        if self.foot.todo_list.todos is not self.conversation.todos:
            self.foot.plan(self.conversation.todos)
        self.foot.holder = self.conversation.held_by
        self.tell_changed()

    def _withdraw_all(self, why: str) -> None:
        for approval in self.foot.withdraw_all():
            self._apply(self.conversation.withdraw(approval.call_id, why, self._stamp()))

    def _stamp(self) -> str:
        return f"{self._clocks.wall():%H:%M}, {self.device.label}"
