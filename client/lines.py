"""The links of the open tabs: each runs in a task of its own, watched here, so that one tab's bug ends no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from client.ports import OpenLink, PersonalData, TabEvents, TabLink, Toolbox
from shared.frames import ApprovalAnswered, Device
from shared.ids import MessageId

CLOSING_SECONDS = 2.0
"""How long a link may take to say goodbye."""
BROKEN = "This tab's line ended by a mistake of the program. Open a new tab; the log has the details."

Tab = TypeVar("Tab", bound=TabEvents)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """One tab's link and the task it runs in."""

    link: TabLink
    task: asyncio.Task[None]


@dataclass
class Lines(Generic[Tab]):
    """Opens, feeds and closes links. What is said to a tab whose link is not open yet is kept for it."""

    open_link: OpenLink
    _lines: dict[Tab, Line] = field(default_factory=dict)
    _kept: dict[Tab, list[Callable[[TabLink], None]]] = field(default_factory=dict)

    def open(self, tab: Tab, device: Device, toolbox: Toolbox) -> None:
        """Connect ``tab``; it is told everything through its events."""
        link = self.open_link(device, tab, toolbox)
        task = asyncio.create_task(link.run(), name=f"line of {device.label}")
        task.add_done_callback(lambda done: _watch(done, tab))
        self._lines[tab] = Line(link, task)
        for do in self._kept.pop(tab, []):
            do(link)

    def say(self, tab: Tab, message_id: MessageId, text: str) -> None:
        """Send a message of the person."""
        self._do(tab, lambda link: link.say(message_id, text))

    def cancel(self, tab: Tab) -> None:
        """Cancel the running turn."""
        self._do(tab, lambda link: link.cancel())

    def answer(self, tab: Tab, answer: ApprovalAnswered) -> None:
        """Give the person's choice."""
        self._do(tab, lambda link: link.answer(answer))

    def personal(self, tab: Tab) -> PersonalData | None:
        """What may be asked of the tab's server beside talking; ``None`` before the tab is opened."""
        line = self._lines.get(tab)
        return None if line is None else line.link.personal

    async def close(self, tab: Tab) -> None:
        """Close the tab's link and wait until its task ended; it is cancelled when that takes too long."""
        self._kept.pop(tab, None)
        line = self._lines.pop(tab, None)
        if line is not None:
            await _close(line)

    async def close_all(self) -> None:
        """Close every link, all at once."""
        lines, self._lines = list(self._lines.values()), {}
        await asyncio.gather(*(_close(line) for line in lines))

    def _do(self, tab: Tab, do: Callable[[TabLink], None]) -> None:
        line = self._lines.get(tab)
        if line is None:
            self._kept.setdefault(tab, []).append(do)
        else:
            do(line.link)


async def _close(line: Line) -> None:
    try:
        async with asyncio.timeout(CLOSING_SECONDS):
            await line.link.close()
            await asyncio.wait([line.task])
    except TimeoutError:
        log.warning("a link did not close in %s s", CLOSING_SECONDS)
    finally:
        line.task.cancel()


def _watch(task: asyncio.Task[None], tab: TabEvents) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the %s ended by a bug", task.get_name(), exc_info=error)
        tab.failed(BROKEN)
