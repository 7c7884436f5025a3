"""The links of the open tabs: each runs in a task of its own, watched here, so that one tab's bug ends no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from client.ports import ConnectedDevice, OpenLink, PersonalData, Resumed, Start, TabEvents, TabLink, Toolbox
from shared.errors import LinkLostError
from shared.frames import ApprovalAnswered, Device
from shared.ids import ConnectionSignature, MessageId

CLOSING_SECONDS = 2.0
"""How long a link may take to say goodbye."""
BROKEN = "This tab's line ended by a mistake of the program. Open a new tab; the log has the details."

NOT_YET = "This tab has no line to its server yet. Try again in a moment."

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

    def open(self, tab: Tab, device: Device, toolbox: Toolbox, start: Start | None = None) -> None:
        """Connect ``tab``, which goes on from ``start``; it is told everything through its events."""
        link = self.open_link(device, tab, toolbox, start)
        task = asyncio.create_task(link.run(), name=f"line of {device.label}")
        task.add_done_callback(lambda done: _watch(done, tab))
        self._lines[tab] = Line(link, task)
        for do in self._kept.pop(tab, []):
            do(link)

    def say(self, tab: Tab, message_id: MessageId, text: str, *, is_repeat: bool = False) -> None:
        """Send a message of the person; ``is_repeat`` if it may have been taken already."""
        self._do(tab, lambda link: link.say(message_id, text, is_repeat=is_repeat))

    def cancel(self, tab: Tab) -> None:
        """Cancel the running turn."""
        self._do(tab, lambda link: link.cancel())

    def answer(self, tab: Tab, answer: ApprovalAnswered) -> None:
        """Give the person's choice."""
        self._do(tab, lambda link: link.answer(answer))

    def take_over(self, tab: Tab) -> None:
        """Take the tab's conversation from whoever holds it."""
        self._do(tab, lambda link: link.take_over())

    def resumable(self, tab: Tab) -> Resumed | None:
        """What the tab can go on from at another time; ``None`` before it is opened, or if there is nothing."""
        line = self._lines.get(tab)
        return None if line is None else line.link.resumable

    def is_open(self, tab: Tab) -> bool:
        """Whether the tab has a link."""
        return tab in self._lines

    async def handoff(self, tab: Tab, to: ConnectionSignature | None) -> tuple[str, float]:
        """A code that takes the tab's conversation, and how long it counts, in seconds.

        Raises:
            ProtocolError: if there is none to be had now; the sentence says why.
        """
        return await self._link(tab).handoff(to)

    async def devices(self, tab: Tab) -> list[ConnectedDevice]:
        """The person's tabs that are connected to the tab's server.

        Raises:
            ProtocolError: if that cannot be asked now; the sentence says why.
        """
        return await self._link(tab).devices()

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

    def _link(self, tab: Tab) -> TabLink:
        line = self._lines.get(tab)
        if line is None:
            raise LinkLostError(NOT_YET)
        return line.link

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
