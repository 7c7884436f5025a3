"""The tabs as they are kept for the next start: what is kept of each, and how that is written and read. Pure.

JSON, all of it in ASCII: whatever a draft holds comes back as it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import msgspec

from client.ports import Resumed
from shared.errors import RingbackError
from shared.frames import Device
from shared.ids import MessageId, SessionId

FORMAT = "ringback tabs"
VERSION = 1


class UnfitFileError(RingbackError):
    """The file does not hold saved tabs that this program can read; the sentence says why."""


@dataclass(frozen=True, slots=True)
class SavedTab:
    """One tab. ``title`` is the one that the person gave it, ``name`` what it is called without.

    ``start`` is its conversation, if there is anything in it.
    ``unsent`` is what was said and not acknowledged, oldest first. ``rows_below`` says how many rows of the transcript
    were below the screen, 0 at the end.
    """

    device: Device
    title: str | None = None
    name: str = ""
    start: Resumed | None = None
    draft: str = ""
    unsent: tuple[tuple[MessageId, str], ...] = ()
    rows_below: int = 0
    is_unread: bool = False

    @property
    def told_anew(self) -> Resumed | None:
        """What a link goes on from so that all of the conversation is told again."""
        return None if self.start is None else replace(self.start, last_seq=0)

    @property
    def is_worth_keeping(self) -> bool:
        """Whether there is anything in it that a fresh tab has not."""
        return self.start is not None or bool(self.draft.strip()) or bool(self.unsent)


@dataclass(frozen=True, slots=True)
class SavedTabs:
    """The tabs from left to right; ``active`` is the index of the one in front."""

    tabs: tuple[SavedTab, ...] = ()
    active: int = 0

    @property
    def worth_keeping(self) -> SavedTabs:
        """The same without the tabs that were never used; next to one of those, the tab before it is in front."""
        kept = [index for index, tab in enumerate(self.tabs) if tab.is_worth_keeping]
        before = sum(index <= self.active for index in kept)
        return SavedTabs(tuple(self.tabs[index] for index in kept), max(before - 1, 0))


class _Session(msgspec.Struct, frozen=True):
    id: str
    last_seq: int
    secret: str | None = None


class _Tab(msgspec.Struct, frozen=True):
    device: Device
    title: str | None = None
    name: str = ""
    session: _Session | None = None
    draft: str = ""
    unsent: tuple[tuple[str, str], ...] = ()
    rows_below: int = 0
    is_unread: bool = False


class _File(msgspec.Struct, frozen=True):
    format: str
    version: int
    tabs: tuple[_Tab, ...] = field(default=())
    active: int = 0


def write_tabs(saved: SavedTabs) -> bytes:
    """What :func:`read_tabs` reads."""
    file = _File(FORMAT, VERSION, tuple(_written(tab) for tab in saved.tabs), saved.active)
    return json.dumps(msgspec.to_builtins(file), indent=1).encode("ascii")


def read_tabs(data: bytes) -> SavedTabs:
    """The tabs that were written.

    Raises:
        UnfitFileError: if it is damaged, something else, or of a newer program.
    """
    try:
        told = json.loads(data)
        if isinstance(told, dict) and told.get("format") == FORMAT and told.get("version") != VERSION:
            raise UnfitFileError("another version of Ringback wrote it")
        file = msgspec.convert(told, _File)
    except (ValueError, RecursionError) as error:  # what msgspec and json raise are ValueErrors
        raise UnfitFileError("it is damaged, or not a list of tabs") from error
    if file.format != FORMAT:
        raise UnfitFileError("it is something else than a list of tabs")
    active = min(max(file.active, 0), max(len(file.tabs) - 1, 0))
    return SavedTabs(tuple(_read(tab) for tab in file.tabs), active)


def _written(tab: SavedTab) -> _Tab:
    start = tab.start
    session = None if start is None else _Session(start.session_id, start.last_seq, start.lease_secret)
    return _Tab(tab.device, tab.title, tab.name, session, tab.draft, tab.unsent, tab.rows_below, tab.is_unread)


def _read(tab: _Tab) -> SavedTab:
    session = tab.session
    return SavedTab(
        device=tab.device,
        title=tab.title,
        name=tab.name,
        start=None if session is None else Resumed(SessionId(session.id), session.last_seq, session.secret),
        draft=tab.draft,
        unsent=tuple((MessageId(message_id), text) for message_id, text in tab.unsent),
        rows_below=max(tab.rows_below, 0),
        is_unread=tab.is_unread,
    )
