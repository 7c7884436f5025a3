"""The screens that are looked at: each is the real app on fake links, with clocks and cursors held still."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from client.app import RingbackApp
from client.core.command_preview import command_preview
from client.core.device_presets import PRESETS
from client.core.grants import HeldGrant
from client.core.url_preview import url_preview
from client.core.write_preview import write_preview
from client.ports import ConnectedDevice, Resumed
from shared.frames import AgentSaid, Choice, Device, TodosChanged, ToolChanged, TurnEnded, UsageChanged
from shared.ids import ConnectionSignature, ToolCallId
from shared.json_types import JsonObject
from shared.news import Notice, StateChanged
from shared.todos import Todo
from shared.usage import TokenUsage
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

    async def turn_to_the_question(self, pilot: Pilot[None], after: float = 12) -> None:
        """Until it was on the screen for long enough, has the focus, and says so."""
        panel = self.app.main.tabs.front.panel
        await until(pilot, lambda: panel.queue.painted_at is not None)
        self.clock.now += after
        panel.focus()
        await until(pilot, lambda: "Esc" in str(panel.border_subtitle))
        await pilot.pause()

    def hold_cursors(self) -> None:
        for screen in self.app.screen_stack:
            for area in [*screen.query(TextArea), *screen.query(Input)]:
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
    panel = stage.app.main.tabs.front.panel
    await approval(stage, pilot)
    await pilot.press("tab", "right")
    await stage.turn_to_the_question(pilot)
    await pilot.press("A")
    await until(pilot, lambda: panel.is_confirming and panel.queue.painted_at is not None)


async def tool_cards(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "Change BGM to track 1")
    message = stage.link.take()
    stage.link.ask()
    await stage.turn_to_the_question(pilot, after=1)
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
        await stage.app.main.desk.open_tab(device)
        await until(pilot, lambda number=number: len(stage.board.links) == number)  # type: ignore[misc]
    await pilot.pause()
    stage.hold_cursors()
    stage.board.links[1].ask(name="get_location", arguments={})
    stage.board.links[2].update(AgentSaid("unread"))
    stage.board.links[3].events.failed("The server cannot be started: the data folder cannot be written.")
    await pilot.press("/")


async def details(stage: Stage, pilot: Pilot[None]) -> None:
    stage.link.update(
        UsageChanged(3120, 128_000, TokenUsage(2750, 370, 3120), TokenUsage(1_204_500, 88_210, 1_292_710))
    )
    await pilot.pause()
    await pilot.press("f2")


TODOS = (
    Todo("Read the notes of the last three meetings", "completed"),
    Todo("Ask which of the two dates suits everybody", "completed", "high"),
    Todo(
        "Write the invitation, in English and in Portuguese, with the way from the station to the house and a word "
        "about the weather to be expected",
        "in_progress",
        "high",
    ),
    Todo("Order the cake", "pending", "low"),
    Todo("Book the small room with the [blue] door", "pending", "high"),
)


async def todos_folded(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "Plan the party")
    stage.link.take()
    stage.link.update(AgentSaid("I made a list and begin with what others wait for."))
    stage.link.update(TodosChanged(TODOS))
    stage.link.update(UsageChanged(1234, 128_000, TokenUsage(1100, 134, 1234), TokenUsage(1100, 134, 1234)))
    await pilot.pause()


async def todos_unfolded(stage: Stage, pilot: Pilot[None]) -> None:
    await todos_folded(stage, pilot)
    await pilot.press("f5")
    await pilot.pause()


async def todos_beside_an_approval(stage: Stage, pilot: Pilot[None]) -> None:
    await todos_unfolded(stage, pilot)
    stage.link.ask("call-1", "read_file", {"path": "/home/ada/notes.txt", "line": 3})
    await pilot.press(*"so the draft")


async def news(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "What is my favourite colour?")
    message = stage.link.take()
    for number in range(1, 8):
        stage.link.events.heard_news(StateChanged(f"colour {number}", "stored"))
    stage.link.events.heard_news(StateChanged("city", "deleted"))
    stage.link.update(AgentSaid("Your favourite colour is **blue**."))
    stage.link.events.heard_news(
        Notice("Redis does not answer. What is remembered goes to the database until it does.")
    )
    stage.link.update(TurnEnded(message, "end_turn"))
    stage.link.toolbox.show_track("Pulse")
    stage.link.update(UsageChanged(12_345, 128_000, TokenUsage(12_000, 345, 12_345)))


REMEMBERED: dict[str, JsonObject] = {
    "favourite colour": {"name": "blue", "since": 2019, "shades": ["navy", "sky", "teal"], "why": "the sea"},
    "home": {"city": "Lisbon", "zip": "1100-148"},
    "no\u202etes\x1b[2J": {"text": "a\u200bb\x9b31m\u202e", "is_hostile": True},
    "a key with a name that is longer than the list is wide": {"x": 1},
}


async def state(stage: Stage, pilot: Pilot[None]) -> None:
    stage.board.personal.states.update(REMEMBERED)
    await pilot.press("f9")
    await pilot.pause()
    await pilot.press("down")
    stage.hold_cursors()


async def state_of_hostile_text(stage: Stage, pilot: Pilot[None]) -> None:
    await state(stage, pilot)
    await pilot.press("down", "down", "enter")
    await pilot.pause()
    stage.hold_cursors()


async def state_with_a_mistake(stage: Stage, pilot: Pilot[None]) -> None:
    await state(stage, pilot)
    await pilot.press("enter", "down", "end", *', "and', "ctrl+s")


async def state_changed_elsewhere(stage: Stage, pilot: Pilot[None]) -> None:
    await state(stage, pilot)
    await pilot.press("enter", "down", "end", "left", "left", *"-green")
    stage.board.personal.states["favourite colour"] = {"name": "red"}
    stage.link.events.heard_news(StateChanged("favourite colour", "stored"))
    await pilot.pause()


async def state_overwriting(stage: Stage, pilot: Pilot[None]) -> None:
    await state_changed_elsewhere(stage, pilot)
    await pilot.press("ctrl+s")


async def state_without_keys(_stage: Stage, pilot: Pilot[None]) -> None:
    await pilot.press("f9")


async def state_new_key(stage: Stage, pilot: Pilot[None]) -> None:
    await state(stage, pilot)
    await pilot.press("ctrl+n", *"birthday")
    stage.hold_cursors()


METRICS = """# HELP ringback_sessions_open Conversations in memory.
# TYPE ringback_sessions_open gauge
ringback_sessions_open{otel_scope_name="ringback"} 3.0
# TYPE ringback_turns_total counter
ringback_turns_total{otel_scope_name="ringback",outcome="end_turn"} 1204.0
ringback_turns_total{otel_scope_name="ringback",outcome="cancelled"} 7.0
# TYPE ringback_turn_duration_seconds histogram
ringback_turn_duration_seconds_bucket{le="0.5",model="demo"} 1100.0
ringback_turn_duration_seconds_bucket{le="+Inf",model="demo"} 1211.0
ringback_turn_duration_seconds_count{model="demo"} 1211.0
ringback_turn_duration_seconds_sum{model="demo"} 411.7
# TYPE ringback_approval_wait_seconds histogram
ringback_approval_wait_seconds_count{tool="change_bgm",decision="allow_once"} 12.0
ringback_approval_wait_seconds_sum{tool="change_bgm",decision="allow_once"} 88.0
# TYPE ringback_session_age_seconds gauge
ringback_session_age_seconds{which="oldest"} 7300.0
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 1.62e+08
# TYPE python_info gauge
python_info{implementation="CPython",major="3",minor="11"} 1.0
"""


async def metrics(stage: Stage, pilot: Pilot[None]) -> None:
    stage.board.personal.text = METRICS
    await stage.say(pilot, "/metrics")


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
GRANTS = (
    HeldGrant("g1", "change_bgm", {"track": 1}, "PC", "/home/ada", NOON, NOON + timedelta(days=30)),
    HeldGrant(
        "g2",
        "write_file",
        {"path": "/home/ada/no\u202etes.txt", "text": "one [bold]line[/bold]\nand \x1b[2Janother", "mode": None},
        "iPhone",
        "/home/ada",
        NOON - timedelta(days=3),
        NOON + timedelta(days=27),
    ),
    HeldGrant("g3", "get_location", {}, "PC", "/work", NOON - timedelta(days=9), NOON + timedelta(days=21)),
)


async def grants(stage: Stage, pilot: Pilot[None]) -> None:
    stage.board.personal.grants = GRANTS
    await stage.say(pilot, "/grants")
    await until(pilot, lambda: len(stage.app.screen_stack) > 1)
    await pilot.pause()
    await pilot.press("down")


async def grants_none(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "/grants")
    await until(pilot, lambda: len(stage.app.screen_stack) > 1)
    await pilot.pause()


async def resetting(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "Good morning")
    stage.link.reply("Good morning to you, too.")
    await stage.settle(pilot)
    await stage.say(pilot, "/reset")


async def after_a_reset(stage: Stage, pilot: Pilot[None]) -> None:
    await resetting(stage, pilot)
    await pilot.press("y")
    await pilot.pause()


async def help_screen(_stage: Stage, pilot: Pilot[None]) -> None:
    await pilot.press("f1")


async def device_picker(_stage: Stage, pilot: Pilot[None]) -> None:
    await pilot.press("f3")


async def leaving(stage: Stage, pilot: Pilot[None]) -> None:
    await approval(stage, pilot)
    await pilot.press("ctrl+q")


async def held(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "Good morning")
    stage.link.reply("Good morning to you, too.")
    stage.link.events.held(Device("phone", "iPhone", "phone"))
    await pilot.press(*"and the draft")


async def held_and_gone_to(stage: Stage, pilot: Pilot[None]) -> None:
    await held(stage, pilot)
    await pilot.press("tab")


DEVICES = [
    ConnectedDevice(ConnectionSignature("0b7c7dd4-self"), PRESETS[0], ("change_bgm",), is_self=True),
    ConnectedDevice(ConnectionSignature("5ac81e90-phone"), PRESETS[1], ("change_bgm", "read_file"), is_self=False),
    ConnectedDevice(
        ConnectionSignature("77e0aa12-room"), Device("tv", "TV in the [blue] room", "tv"), (), is_self=False
    ),
]


async def handoff(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "Good morning")
    stage.link.reply("Good morning to you, too.")
    stage.link.connected = DEVICES
    await stage.say(pilot, "/handoff")
    await pilot.pause()


async def handoff_code(stage: Stage, pilot: Pilot[None]) -> None:
    await handoff(stage, pilot)
    await pilot.press("3")
    await pilot.pause()


async def approval_on_another_device(stage: Stage, pilot: Pilot[None]) -> None:
    await approval(stage, pilot)
    stage.link.connected = DEVICES
    await stage.turn_to_the_question(pilot)
    await pilot.press("d")
    await until(pilot, lambda: len(stage.app.screen_stack) > 1)
    await pilot.pause()


async def approval_from_another_device(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "Good morning")
    stage.link.reply("Good morning to you, too.")
    stage.link.ask(asked_by="PC")
    await pilot.press("tab")


async def rejecting_with_a_reason(stage: Stage, pilot: Pilot[None]) -> None:
    await approval(stage, pilot)
    await stage.turn_to_the_question(pilot)
    await pilot.press("R")
    await until(pilot, lambda: len(stage.app.screen_stack) > 1)
    await pilot.press(*"it is late")
    stage.hold_cursors()


async def leaving_what_goes_on(stage: Stage, pilot: Pilot[None]) -> None:
    await approval(stage, pilot)
    stage.link.resumable = Resumed(stage.link.session_id, 3, "secret")
    await stage.app.main.desk.open_tab("iPhone")
    await until(pilot, lambda: len(stage.board.links) == 2)
    stage.board.links[1].resumable = Resumed(stage.board.links[1].session_id, 3, "secret")
    await stage.say(pilot, "Plan the party")
    stage.board.links[1].take()
    await pilot.pause()
    stage.hold_cursors()
    stage.app.main.tabs.chats[0].composer.load_text("")
    await pilot.press("ctrl+q")
    await until(pilot, lambda: len(stage.app.screen_stack) > 1)


OLD = b"""# Party

- [ ] cake
- [ ] music
- [ ] lights

Where: the small room with the blue door, on the second floor, the one with the piano and the long table
When: Friday
Who: everybody
"""
NEW = """# Party

- [x] cake
- [ ] music
- [ ] lights, [@click=app.quit]not the bright ones[/]
- [ ] a speech\x1b[2J that \u202eis short

Where: the large room with the red door, on the first floor, the one with the piano and the long table by the window
When: Friday
Who: everybody
"""


ONLY_EXACTLY = tuple(choice for choice in Choice if choice is not Choice.ALLOW_TOOL)
"""What is offered for tools that can do something else entirely with other arguments."""


async def writing_a_file(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "Tick off the cake")
    stage.link.take()
    arguments: JsonObject = {"path": "party.md", "content": NEW}
    asked = stage.link.ask("call-1", "write_file", arguments, ONLY_EXACTLY)
    preview = write_preview("/srv/shared/party.md", OLD, NEW, "replace", ("/home/ada/work", "/home/ada/notes"))
    stage.link.events.approval_previewed(asked, preview)
    await stage.turn_to_the_question(pilot)


async def running_a_command(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "Clean up the build")
    stage.link.take()
    command = (
        "set -e\nrm -rf build dist\t*.egg-info   # and then\n"
        "python -m build --wheel --outdir /home/ada/work/dist --config-setting=editable_mode=strict . && ls -l dist\n"
        "Runs with /bin/sh -c in /tmp\u200b"
    )
    arguments: JsonObject = {"command": command, "cwd": "~/work", "timeout": 120}
    asked = stage.link.ask("call-1", "run_command", arguments, ONLY_EXACTLY)
    stage.link.events.approval_previewed(asked, command_preview(command, "/home/ada/work", 120))
    await stage.turn_to_the_question(pilot)


async def opening_a_page(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.say(pilot, "Open my bank")
    stage.link.take()
    url = "http://www.\u0430pple.com:8443/login?next=%2Faccount&token=4f2a90c1d7#start"
    asked = stage.link.ask("call-1", "open_url", {"url": url})
    stage.link.events.approval_previewed(asked, url_preview(url))
    await stage.turn_to_the_question(pilot)


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
    todos_folded,
    todos_unfolded,
    todos_beside_an_approval,
    news,
    state,
    state_of_hostile_text,
    state_with_a_mistake,
    state_changed_elsewhere,
    state_overwriting,
    state_without_keys,
    state_new_key,
    metrics,
    grants,
    grants_none,
    resetting,
    after_a_reset,
    held,
    held_and_gone_to,
    handoff,
    handoff_code,
    approval_on_another_device,
    approval_from_another_device,
    rejecting_with_a_reason,
    leaving_what_goes_on,
    writing_a_file,
    running_a_command,
    opening_a_page,
)
