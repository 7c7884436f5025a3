"""A connection without a tab: opened for one request of the command line, and closed again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from client.link.endpoint import Endpoint
from client.link.loader import load_wire
from client.link.personal_data import PersonalDataOverWire
from client.link.place import Place
from client.link.wire import Introduction
from client.ports import PersonalData
from shared.errors import BadRequestError
from shared.frames import ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, Device, ToolCalled, Update
from shared.json_types import JsonObject
from shared.news import News


class _Nobody:
    """Implements ``client.link.wire.Listener``: there is no screen to tell anything on, and no tool."""

    def heard(self, update: Update) -> None:
        """Nothing is shown."""

    def heard_news(self, news: News) -> None:
        """Nothing is shown."""

    def asked(self, approval: ApprovalAsked, answer: asyncio.Future[ApprovalAnswered | None]) -> None:  # noqa: ARG002
        """Nobody can be asked."""
        answer.set_result(None)

    def withdrawn(self, withdrawal: ApprovalWithdrawn) -> None:
        """Nothing was asked."""

    def moved(self, holder: Device) -> None:
        """Nothing is held."""

    def skipped(self) -> None:
        """Nothing is shown."""

    def missed(self, first: int, last: int) -> None:
        """Nothing is shown."""

    async def called(self, call: ToolCalled) -> JsonObject:
        """There are no tools here."""
        raise BadRequestError(f"The command line does not offer the tool {call.name}.")


@asynccontextmanager
async def visiting(endpoint: Endpoint, device: Device) -> AsyncIterator[PersonalData]:
    """What the person may ask of the server at ``endpoint``, while the block runs.

    Raises:
        NotLetInError: if the server refuses this client.
        LinkLostError: if it cannot be reached.
    """
    open_wire = await load_wire()
    wire = await open_wire(endpoint, Introduction(device, (), Path.cwd()), _Nobody())
    try:
        opened = await wire.begin()
        wire.listen(Place(opened.welcome.session_id))
        yield PersonalDataOverWire(lambda: wire)
    finally:
        await wire.close()
