"""The screens that are looked at: each is the real app on fake links, with clocks and cursors held still."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from textual.pilot import Pilot
from textual.widgets import TextArea

from client.app import RingbackApp
from shared.frames import AgentSaid, ToolChanged, TurnEnded
from shared.ids import ToolCallId
from tests.client.link_for_tests import HeldClock, LinkForTests, Switchboard, app_for_tests, until

MARKDOWN = """# Tracks

Here is what I can play, with **bold**, *italic*, `code` and a [link](https://example.org):

- track 0: *Calm*
- track 1: **Pulse**, a longer line so that it has to wrap around at the right edge of the screen

1. first
2. second

> A quote that says something.

```python
def play(track: int) -> None:
    print(f"playing {track}")
```

| track | name |
|---|---|
| 0 | Calm |
| 1 | Pulse |

Done.
"""


@dataclass
class Stage:
    """The app, its links, and the clock that stands still."""

    board: Switchboard
    clock: HeldClock
    app: RingbackApp

    @property
    def link(self) -> LinkForTests:
        return self.board.links[0]

    async def say(self, pilot: Pilot[None], text: str) -> None:
        self.app.main.tabs.front.composer.load_text(text)
        await pilot.press("enter")

    async def begin(self, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: len(self.board.links) == 1)
        await pilot.pause()
        self.hold_cursors()

    async def settle(self, pilot: Pilot[None]) -> None:
        """Until the transcript shows what was said."""
        transcript = self.app.main.tabs.front.transcript
        await until(pilot, lambda: transcript.is_up_to_date)
        await pilot.pause()

    def hold_cursors(self) -> None:
        for area in self.app.main.query(TextArea):
            area.cursor_blink = False


Scene: TypeAlias = Callable[[Stage, Pilot[None]], Awaitable[None]]


def stage(*, light: bool) -> Stage:
    board, clock = Switchboard(), HeldClock()
    return Stage(board, clock, app_for_tests(board, clock, theme="ringback-light" if light else None))


async def fresh(_stage: Stage, _pilot: Pilot[None]) -> None:
    """Nothing was said yet."""


async def markdown(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "Show me the tracks")
    stage.link.reply(MARKDOWN)


async def approval(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "Change BGM to track 1")
    stage.link.take()
    stage.link.update(AgentSaid("I'll change the music."))
    stage.link.ask()
    stage.link.ask("call-2", "read_file", {"path": "/home/ada/no\u202etes.txt", "content": "one\ntwo", "line": 3})
    await pilot.press(*"so the draft")


async def approval_confirmed_once_more(stage: Stage, pilot: Pilot[None]) -> None:
    await approval(stage, pilot)
    await pilot.press("tab", "right")
    stage.clock.now += 12
    await pilot.press("A")


async def tool_cards(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "Change BGM to track 1")
    message = stage.link.take()
    stage.link.ask()
    await pilot.pause()
    await pilot.press("tab")
    stage.clock.now += 1
    await pilot.press("a")
    stage.link.update(ToolChanged(ToolCallId("call-1"), "completed", {"success": True, "track": 1}))
    stage.link.toolbox.show_track("Pulse")
    stage.link.update(AgentSaid("Track 1 plays now."))
    stage.link.update(TurnEnded(message, "end_turn"))
    stage.link.ask("call-2", "get_location", {})
    stage.link.events.lost("The server went away. Trying again.")
    await stage.settle(pilot)
    await pilot.press("ctrl+o")


async def four_tabs(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "Good morning")
    stage.link.take()
    for number, device in enumerate(("PC", "iPhone", "Android"), 2):
        await stage.app.main.open_tab(device)
        await until(pilot, lambda number=number: len(stage.board.links) == number)  # type: ignore[misc]
    await pilot.pause()
    stage.hold_cursors()
    stage.board.links[1].ask(name="get_location", arguments={})
    stage.board.links[2].update(AgentSaid("unread"))
    stage.board.links[3].events.failed("The server cannot be started: the data folder cannot be written.")
    await pilot.press("/")


async def details(_stage: Stage, pilot: Pilot[None]) -> None:
    await pilot.press("f2")


async def help_screen(_stage: Stage, pilot: Pilot[None]) -> None:
    await pilot.press("f1")


async def device_picker(_stage: Stage, pilot: Pilot[None]) -> None:
    await pilot.press("f3")


async def leaving(stage: Stage, pilot: Pilot[None]) -> None:
    await approval(stage, pilot)
    await pilot.press("ctrl+q")


SCENES: tuple[Scene, ...] = (
    fresh,
    markdown,
    approval,
    approval_confirmed_once_more,
    tool_cards,
    four_tabs,
    details,
    help_screen,
    device_picker,
    leaving,
)
