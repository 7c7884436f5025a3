"""A tab without a screen: it keeps what its link tells it, and answers approvals as it was told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, TypeVar

from client.core.approval_preview import Preview
from client.ports import Welcome
from client.tools.journal import Entry, Journal, JournalId
from client.tools.runs import Runs
from shared.frames import ApprovalAsked, ApprovalWithdrawn, Device, ToolCalled, TurnEnded, Update
from shared.ids import ClaimId, MessageId
from shared.json_types import JsonObject
from shared.news import News

PATIENCE = 20.0


@dataclass(frozen=True)
class Connecting:
    attempt: int
    reason: str


@dataclass(frozen=True)
class Lost:
    reason: str


@dataclass(frozen=True)
class Failed:
    message: str


@dataclass(frozen=True)
class Interrupted:
    reason: str


@dataclass(frozen=True)
class Resuming:
    pass


@dataclass(frozen=True)
class Cleared:
    pass


@dataclass(frozen=True)
class SessionLost:
    message: str


@dataclass(frozen=True)
class Held:
    holder: Device


@dataclass(frozen=True)
class Refused:
    message: str


@dataclass(frozen=True)
class Remark:
    text: str


Happening: TypeAlias = (
    Welcome
    | Update
    | News
    | Connecting
    | Lost
    | Failed
    | ApprovalAsked
    | ApprovalWithdrawn
    | ToolCalled
    | Interrupted
    | Resuming
    | Cleared
    | SessionLost
    | Held
    | Refused
    | Remark
    | Preview
)
Kind = TypeVar("Kind")


@dataclass
class TabForTests:
    """Implements ``client.ports.TabEvents``. ``happened`` holds everything in order."""

    happened: list[Happening] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    noted: asyncio.Event = field(default_factory=asyncio.Event)

    def opened(self, welcome: Welcome) -> None:
        self._note(welcome)

    def updated(self, seq: int, update: Update) -> None:
        self.numbers.append(seq)
        self._note(update)

    def lost(self, reason: str) -> None:
        self._note(Lost(reason))

    def interrupted(self, reason: str) -> None:
        self._note(Interrupted(reason))

    def resuming(self) -> None:
        self._note(Resuming())

    def cleared(self) -> None:
        self.numbers.clear()
        self._note(Cleared())

    def session_lost(self, message: str) -> None:
        self.numbers.clear()
        self._note(SessionLost(message))

    def held(self, holder: Device) -> None:
        self._note(Held(holder))

    def remark(self, text: str) -> None:
        self._note(Remark(text))

    def refused(self, message: str) -> None:
        self._note(Refused(message))

    def connecting(self, attempt: int, reason: str) -> None:
        self._note(Connecting(attempt, reason))

    def approval_asked(self, approval: ApprovalAsked) -> None:
        self._note(approval)

    def approval_previewed(self, approval: ApprovalAsked, preview: Preview) -> None:
        self._note(preview)

    def approval_withdrawn(self, withdrawal: ApprovalWithdrawn) -> None:
        self._note(withdrawal)

    def tool_called(self, call: ToolCalled) -> None:
        self._note(call)

    def failed(self, message: str) -> None:
        self._note(Failed(message))

    def heard_news(self, news: News) -> None:
        self._note(news)

    def all(self, kind: type[Kind]) -> list[Kind]:
        return [happening for happening in self.happened if isinstance(happening, kind)]

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                self.noted.clear()
                await self.noted.wait()

    async def first(self, kind: type[Kind]) -> Kind:
        await self.until(lambda: self.all(kind))
        return self.all(kind)[0]

    async def end_of(self, message_id: str) -> TurnEnded:
        def ends() -> list[TurnEnded]:
            return [ended for ended in self.all(TurnEnded) if ended.message_id == MessageId(message_id)]

        await self.until(ends)
        return ends()[0]

    def _note(self, happening: Happening) -> None:
        self.happened.append(happening)
        self.noted.set()


@dataclass
class ToolboxForTests:
    """Implements ``client.ports.Toolbox``."""

    copied: list[str] = field(default_factory=list)
    notices: list[tuple[str, str | None]] = field(default_factory=list)
    tracks: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)

    def show_notice(self, message: str, title: str | None) -> None:
        self.notices.append((message, title))

    def show_track(self, track: str) -> None:
        self.tracks.append(track)

    async def open_url(self, url: str) -> None:
        self.opened.append(url)


IN_MEMORY = JournalId("in-memory")


class JournalInMemory(Journal):
    """Keeps nothing longer than itself, and has nothing to close."""

    def __init__(self) -> None:
        super().__init__(Path("no file"))
        self.entries: dict[ClaimId, Entry] = {}

    def read_id(self) -> JournalId:
        return IN_MEMORY

    def begin(self, claim: ClaimId, tool: str, journal_id: JournalId) -> Entry | None:
        assert journal_id == IN_MEMORY, "nothing runs on a device that was not announced"
        known = self.entries.get(claim)
        self.entries.setdefault(claim, Entry(tool, None))
        return known

    def finish(self, claim: ClaimId, result: JsonObject) -> None:
        self.entries[claim] = Entry(self.entries[claim].tool, result)


def runs_for_tests() -> Runs:
    return Runs(JournalInMemory())
