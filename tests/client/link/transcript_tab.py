"""A tab without a screen that keeps a transcript, as the real one does, and a link to a log server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client.core.conversation import Conversation
from client.core.device_presets import device_named
from client.core.transcript_entries import Answer, Delivery, Said, Thought, ToolCard
from client.link.tab_link import TabLink
from client.ports import Start, Welcome
from client.tools.device import DeviceState
from client.tools.music import MusicPlayer
from client.tools.runs import Runs
from client.tools.toolkit import Toolkit
from shared.acp_names import META_MESSAGE_ID, METHOD_ANSWER_RESTARTED
from shared.frames import AgentSaid, AnswerRestarted, Device, TurnEnded, Update, UserSaid
from shared.ids import MessageId
from shared.news import News, PersonReset
from tests.client.link.log_server import Json, LogServer
from tests.client.tab_for_tests import TabForTests, ToolboxForTests, runs_for_tests

FOLDER = Path(__file__).parent


@dataclass
class TranscriptTab(TabForTests):
    """Everything it is told goes into a conversation, too."""

    conversation: Conversation = field(default_factory=Conversation)

    def opened(self, welcome: Welcome) -> None:
        self.conversation.opened(welcome.session_id)
        super().opened(welcome)

    def updated(self, seq: int, update: Update) -> None:
        self.conversation.update(seq, update)
        super().updated(seq, update)

    def cleared(self) -> None:
        self.conversation.cleared()
        super().cleared()

    def session_lost(self, message: str) -> None:
        self.conversation.session_lost(message)
        super().session_lost(message)

    def held(self, holder: Device) -> None:
        self.conversation.held(holder.label)
        super().held(holder)

    def interrupted(self, reason: str) -> None:
        self.conversation.interrupted(reason)
        super().interrupted(reason)

    def heard_news(self, news: News) -> None:
        if isinstance(news, PersonReset):
            self.conversation.reset(news.message)
            self.numbers.clear()
        super().heard_news(news)

    @property
    def shown(self) -> list[tuple[str, str]]:
        return shown(self.conversation)

    def texts(self, delivery: Delivery) -> list[str]:
        entries = self.conversation.entries.values()
        return [entry.text for entry in entries if isinstance(entry, Said) and entry.delivery is delivery]


def shown(conversation: Conversation) -> list[tuple[str, str]]:
    """What was said, by whom, in order; the program's own notes are left out."""
    said: list[tuple[str, str]] = []
    for entry in conversation.entries.values():
        match entry:
            case Said() | Answer() | Thought():
                said.append((type(entry).__name__, entry.text))
            case ToolCard():
                said.append(("ToolCard", entry.call_id))
            case _:
                pass
    return said


def read(log: Sequence[Json]) -> list[tuple[str, str]]:
    """What a tab shows that was told this log once, without a break."""
    conversation = Conversation()
    for number, notification in enumerate(log, 1):
        conversation.update(number, _update(notification))
    return shown(conversation)


def _update(notification: Json) -> Update:
    params = notification["params"]
    if notification["method"] == f"_{METHOD_ANSWER_RESTARTED}":
        return AnswerRestarted(params["said"], params["thought"])
    if "messageId" in params:
        return TurnEnded(MessageId(params["messageId"]), params["stopReason"])
    update = params["update"]
    if update["sessionUpdate"] == "user_message_chunk":
        return UserSaid(MessageId(update["_meta"][META_MESSAGE_ID]), update["content"]["text"])
    return AgentSaid(update["content"]["text"])


@asynccontextmanager
async def linked(
    server: LogServer, tab: TranscriptTab, start: Start | None = None, **more: Any
) -> AsyncIterator[TabLink]:
    link = link_to(server, tab, start, **more)
    running = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        async with asyncio.timeout(10):
            await link.close()
            await running


def link_to(
    server: LogServer,
    tab: TranscriptTab,
    start: Start | None = None,
    toolbox: ToolboxForTests | None = None,
    runs: Runs | None = None,
) -> TabLink:
    state = DeviceState(device_named("PC"), toolbox or ToolboxForTests(), MusicPlayer(None), FOLDER)
    return TabLink(
        device=state.device,
        events=tab,
        toolkit=Toolkit(state, runs or runs_for_tests()),
        folder=FOLDER,
        find_server=server.find,
        start=start,
    )


def say(link: TabLink, tab: TranscriptTab, message_id: str) -> None:
    """As the real tab does: it stands in the transcript at once."""
    tab.conversation.say(MessageId(message_id), message_id)
    link.say(MessageId(message_id), message_id)
