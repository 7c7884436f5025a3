"""A link without a wire: it remembers what the tab said and lets a test speak for the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from textual import events
from textual.pilot import Pilot

from client.app import RingbackApp
from client.clocks import Clocks
from client.core.device_presets import PRESETS
from client.core.leaving import Way
from client.core.saved_tabs import SavedTabs
from client.ports import ConnectedDevice, Resumed, Start, TabEvents, Toolbox, Welcome
from client.saved_tabs_file import SavedTabsFile
from shared.catalog import open_url, run_command, write_file
from shared.errors import RingbackError
from shared.frames import (
    AgentSaid,
    ApprovalAnswered,
    ApprovalAsked,
    Choice,
    Device,
    ModelInfo,
    ToolStarted,
    TurnEnded,
    Update,
    UserSaid,
)
from shared.ids import ConnectionSignature, MessageId, SessionId, ToolCallId
from shared.json_types import JsonObject
from tests.client.personal_for_tests import PersonalDataForTests

PATIENCE = 10.0
HURTING = {spec.name: spec for spec in (write_file.SPEC, run_command.SPEC, open_url.SPEC)}
MODEL = ModelInfo("demo", "demo", scripted=True)


@dataclass
class HeldClock:
    """A clock that a test moves."""

    now: float = 100.0

    def clocks(self) -> Clocks:
        noon = datetime(2025, 3, 4, 14, 3, tzinfo=UTC)
        return Clocks(monotonic=lambda: self.now, wall=lambda: noon)


@dataclass
class LinkForTests:
    """Implements ``TabLink``; the ``server_…`` methods are what a server would do."""

    device: Device
    events: TabEvents
    toolbox: Toolbox
    number: int
    opens_at_once: bool = True
    personal: PersonalDataForTests = field(default_factory=PersonalDataForTests)
    start: Start | None = None
    resumable: Resumed | None = None
    connected: list[ConnectedDevice] = field(default_factory=list)
    handed_to: list[ConnectionSignature | None] = field(default_factory=list)
    repeated: list[MessageId] = field(default_factory=list)
    failure: RingbackError | None = None
    said: list[tuple[MessageId, str]] = field(default_factory=list)
    answers: list[ApprovalAnswered] = field(default_factory=list)
    cancels: int = 0
    take_overs: int = 0
    seq: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        if self.opens_at_once:
            self.open()
        await self.closed.wait()

    def say(self, message_id: MessageId, text: str, *, is_repeat: bool = False) -> None:
        self.said.append((message_id, text))
        if is_repeat:
            self.repeated.append(message_id)

    def cancel(self) -> None:
        self.cancels += 1

    def answer(self, answer: ApprovalAnswered) -> None:
        self.answers.append(
            ApprovalAnswered(answer.call_id, answer.choice, answer.arguments, answer.reason, answer.device)
        )

    def take_over(self) -> None:
        self.take_overs += 1

    async def handoff(self, to: ConnectionSignature | None = None) -> tuple[str, float]:
        if self.failure is not None:
            raise self.failure
        self.handed_to.append(to)
        return "ABCDEFGHJKMN", 300.0

    async def devices(self) -> list[ConnectedDevice]:
        if self.failure is not None:
            raise self.failure
        return self.connected

    async def close(self) -> None:
        self.closed.set()

    # --- the server's part --------------------------------------------------------------------------------

    @property
    def session_id(self) -> SessionId:
        return SessionId(f"session_ada_{self.signature}")

    @property
    def signature(self) -> ConnectionSignature:
        return ConnectionSignature(f"0b7c7dd4-6f0e-4f6a-9a53-{self.number:012}")

    def open(self) -> None:
        self.events.opened(Welcome(self.signature, self.session_id, MODEL, "0.1.0"))

    def update(self, update: Update) -> None:
        self.seq += 1
        self.events.updated(self.seq, update)

    def take(self) -> MessageId:
        """Acknowledge the message said last."""
        message_id, text = self.said[-1]
        self.update(UserSaid(message_id, text))
        return message_id

    def reply(self, text: str) -> None:
        """Take the message said last, answer it and end the turn."""
        message_id = self.take()
        self.update(AgentSaid(text))
        self.update(TurnEnded(message_id, "end_turn"))

    def ask(
        self,
        call: str = "call-1",
        name: str = "change_bgm",
        arguments: JsonObject | None = None,
        choices: tuple[Choice, ...] = tuple(Choice),
        asked_by: str = "",
    ) -> ApprovalAsked:
        """Start a tool and ask for its approval; another device starts it where that one asks."""
        shown: JsonObject = {"track": 1} if arguments is None else arguments
        titles = {"change_bgm": "Change the background music", "get_location": "Tell where you are"}
        spec = HURTING.get(name)
        title = titles.get(name, name) if spec is None else spec.title
        approval = ApprovalAsked(
            session_id=self.session_id,
            call_id=ToolCallId(call),
            name=name,
            title=title,
            kind="other",
            arguments=shown,
            arguments_hash="hash",
            risk="Changes the music that plays on this device." if spec is None else spec.risk,
            expires_in=300.0,
            choices=choices,
            asked_by=asked_by,
        )
        if not asked_by:
            self.update(ToolStarted(ToolCallId(call), name, title, "other", shown))
        self.events.approval_asked(approval)
        return approval


@dataclass
class Switchboard:
    """Makes the links; ``links[0]`` is the first tab's. They all speak of one person's data."""

    opens_at_once: bool = True
    personal: PersonalDataForTests = field(default_factory=PersonalDataForTests)
    links: list[LinkForTests] = field(default_factory=list)

    def __call__(self, device: Device, events: TabEvents, toolbox: Toolbox, start: Start | None = None) -> LinkForTests:
        link = LinkForTests(device, events, toolbox, len(self.links) + 1, self.opens_at_once, self.personal, start)
        self.links.append(link)
        return link


def app_for_tests(
    switchboard: Switchboard,
    clock: HeldClock | None = None,
    *,
    theme: str | None = None,
    on_quit: Way = Way.ASK,
    saved: SavedTabs | None = None,
    file: SavedTabsFile | None = None,
) -> RingbackApp:
    """The real app on fake links; with a ``clock``, time stands still."""
    app = RingbackApp(
        open_link=switchboard,
        device=PRESETS[0],
        version="0.1.0",
        theme=theme,
        clocks=None if clock is None else clock.clocks(),
        on_quit=on_quit,
        saved=saved,
        file=file,
        remark=None if file is None else file.remark,
    )
    app.animation_level = "none"
    return app


def screen_text(app: RingbackApp) -> str:
    """What stands on the screen, line by line."""
    screen = app.screen
    strips = screen._compositor.render_strips(screen.size)
    return "\n".join(strip.text.rstrip() for strip in strips)


@asynccontextmanager
async def started(
    app: RingbackApp, board: Switchboard, size: tuple[int, int] = (80, 24), *, links: int = 1
) -> AsyncIterator[Pilot[None]]:
    """The app, running, painted, and with its first links made."""
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: len(board.links) == links)
        await pilot.pause()
        yield pilot


def burst(app: RingbackApp, *keys: str) -> None:
    """Press keys as fast as a terminal can send them: the app has no time between two of them."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def until(pilot: Pilot[None], is_true: Callable[[], bool]) -> None:
    """Let the app work until ``is_true``, for at most :data:`PATIENCE` seconds."""
    async with asyncio.timeout(PATIENCE):
        while not is_true():
            await pilot.pause()
