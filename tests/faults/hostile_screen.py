"""Shows hostile text in every widget, on the terminal that it is started in; between two, it says which comes next.

``python -m tests.faults.hostile_screen MODE TEXTS REPORT NONCE``
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from textual.app import App
from textual.content import Content
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input

from client.app import RingbackApp
from client.core.tab_details import TabDetails
from client.core.tab_mark import LinkState
from client.display_filter import DisplayFilter
from client.ports import Welcome
from client.screens.help_groups import HelpGroup
from client.screens.key_name import KeyNameScreen
from client.screens.modal_loader import (
    confirm_screen,
    details_screen,
    handoff_code_screen,
    help_screen,
    line_picker,
    metrics_screen,
    quit_screen,
    reason_screen,
    state_screen,
)
from client.widgets.live_answer import LiveAnswer
from client.widgets.markdown_document import MarkdownDocument
from client.widgets.note_view import NoteView
from client.widgets.transcript import CATCH_UP_SECONDS
from shared.errors import LinkLostError
from shared.frames import (
    AgentSaid,
    AgentThought,
    ApprovalWithdrawn,
    Command,
    CommandsOffered,
    Device,
    ModelInfo,
    Problem,
    TodosChanged,
    ToolChanged,
    ToolStarted,
    TurnEnded,
    UserSaid,
)
from shared.ids import ConnectionSignature, MessageId, SessionId, ToolCallId
from shared.json_types import JsonObject
from shared.news import Notice, StateChanged
from shared.todos import Todo
from tests.client.link_for_tests import LinkForTests, Switchboard, app_for_tests, until
from tests.faults.hostile_text import MARKUP_MARK, WORD
from tests.faults.plain_screens import PlainApp, plain_widgets

BATCH = int(os.environ.get("BATCH", "8"))
"""How many texts a list shows at once."""
SINGLES = int(os.environ.get("SINGLES", "8"))
"""How many of them are shown where there is room for one."""
LOOKED = 4
"""How many texts are followed into the widgets; what is written is read for all of them."""
PATIENCE = 10.0


@dataclass
class Show:
    """The app that is shown, and what was seen of it from inside."""

    app: App[Any]
    pilot: Pilot[None]
    nonce: str
    seen: set[str] = field(default_factory=set)
    actions: set[str] = field(default_factory=set)
    is_looking: bool = True

    def say(self, name: str) -> None:
        """From here on the terminal gets what ``name`` shows."""
        driver = self.app._driver
        assert driver is not None
        driver.write(f"\x1b_{self.nonce}:{name}\x1b\\")

    async def frame(self) -> None:
        """Wait until what changed is on the terminal."""
        await asyncio.sleep(CATCH_UP_SECONDS)  # a transcript collects for so long
        await self.settle()
        await self.settle()
        if self.is_looking:
            self._look()

    async def settle(self) -> None:
        """Wait until what is known now was drawn; the pilot's own pause waits until the whole machine is at rest."""
        drawn = asyncio.Event()
        self.app.screen.call_after_refresh(drawn.set)
        async with asyncio.timeout(PATIENCE):
            await drawn.wait()

    def _look(self) -> None:
        # Which widgets show the text now, and what in them could be clicked.
        for widget in self.app.screen.walk_children(with_self=True):
            if not isinstance(widget, Widget) or not widget.is_on_screen or not widget.size:
                continue
            strips = widget.render_lines(Region(0, 0, *widget.outer_size))
            if any(WORD in strip.text or MARKUP_MARK in strip.text for strip in strips):
                self.seen.add(_name(widget))
            for strip in strips:
                clicks = {
                    str(s.style.meta["@click"]) for s in strip if s.style is not None and "@click" in s.style.meta
                }
                self.actions |= {f"{_name(widget)} {click}" for click in clicks}


def _name(widget: Widget) -> str:
    kind = type(widget)
    if kind.__module__.startswith("client."):
        return kind.__name__
    for owner in widget.ancestors:
        if type(owner).__module__.startswith("client."):
            mark = (
                f"#{widget.id}"
                if widget.id
                else "".join(f".{name}" for name in sorted(widget.classes) if name[0] != "-")
            )
            return f"{type(owner).__name__} {kind.__name__}{mark}"
    return kind.__name__


# --- Ringback ---------------------------------------------------------------------------------------------------


async def ringback(show: Show, board: Switchboard, texts: list[str]) -> None:
    """Everything that Ringback shows: a text at a time around one tab, a batch at a time where there are lists."""
    app = show.app
    assert isinstance(app, RingbackApp)
    await until(show.pilot, lambda: len(board.links) == 1)
    for begin in range(0, len(texts), BATCH):
        batch = texts[begin : begin + BATCH]
        show.is_looking = begin < LOOKED
        for text in batch:
            await _tab(show, app, board.links[0], text)
        board.links[0].events.cleared()
        for name, screen in _screens(app, board, batch):
            show.say(name)
            await app.push_screen(screen)
            await show.settle()
            for line in screen.query(Input):
                line.value = batch[0]
            await show.frame()
            app.pop_screen()


async def _tab(show: Show, app: RingbackApp, link: LinkForTests, text: str) -> None:
    chat = app.main.tabs.front
    link.events.cleared()
    link.seq = 0
    show.say("answer")
    model = ModelInfo(text, text, scripted=False)
    link.events.opened(Welcome(link.signature, SessionId(text), model, text))
    chat.composer.load_text(text)
    chat.rename(text)
    chat.device = Device(text, text, "pc")
    link.toolbox.show_track(text)
    link.update(UserSaid(MessageId("m"), text))
    for piece in _pieces(text):
        link.update(AgentSaid(piece))
    await show.settle()
    for live in chat.query(LiveAnswer):
        await live._flush()
    await show.frame()
    show.say("transcript")
    link.update(AgentThought(text))
    link.update(ToolStarted(ToolCallId("c"), text, text, "other", {text: text, "more": {"inner": [text]}}))
    link.update(ToolChanged(ToolCallId("c"), "failed", {"error": text, text: text}))
    link.update(TurnEnded(MessageId("m"), "end_turn", Problem(-32603, text)))
    link.events.remark(text)
    link.events.heard_news(Notice(text))
    link.events.heard_news(StateChanged(text, "stored"))
    link.toolbox.show_notice(text, text)
    link.update(TodosChanged((Todo(text, "in_progress"), Todo(f"b {text}", "pending", "high"))))
    if not chat.foot.todo_list.is_unfolded:
        chat.foot.toggle_todos()
    await show.settle()
    app.main.action_toggle_tool_cards()
    await show.frame()
    show.say("asking")
    app.clear_notifications()
    arguments: JsonObject = {text: text, "lines": f"a\n{text}", "deep": {"x": [text] * 9}}
    asked = link.ask("q", text, arguments, asked_by=text)
    async with asyncio.timeout(PATIENCE):
        while not chat.panel.query(".argument"):
            await show.settle()
    await show.frame()
    show.say("around")
    chat.approval_withdrawn(ApprovalWithdrawn(asked.session_id, asked.call_id, text))
    link.update(CommandsOffered((Command(text, text, text), Command(f"zz{text}", text, text))))
    chat.composer.load_text("/zz")
    link.events.held(Device(text, text, "pc"))
    link.events.interrupted(text)
    link.events.held(Device(text, text, "pc"))
    await show.frame()
    show.say("copied")
    link.toolbox.copy_to_clipboard(text)
    app.clear_notifications()


def _pieces(text: str) -> list[str]:
    # A sequence that comes in two chunks is none until it is whole.
    middle = max(1, len(text) // 2)
    return [text[:1], text[1:middle], text[middle:], "\n\n"]


def _screens(app: RingbackApp, board: Switchboard, texts: list[str]) -> Iterator[tuple[str, Any]]:
    personal, main = board.personal, app.main
    personal.states = {text[:180]: {text: text, "w": [text]} for text in texts}
    personal.text = "".join(
        f'# TYPE m{number} gauge\nm{number}{{label="{text.translate(_QUOTED)}"}} 1.0\n'
        for number, text in enumerate(texts)
    )
    yield "metrics", metrics_screen(personal)
    yield "help", help_screen(HelpGroup(text, ((text, text),)) for text in texts)
    yield "picker", line_picker(texts[0], texts[0], [(text, text) for text in texts])
    yield "question", confirm_screen(texts[0], tuple(texts), "Yes", "No")
    yield "quit", quit_screen(tuple(texts))
    yield "state", state_screen(personal, main._news.state_changed)
    failing = type(personal)(failure=LinkLostError(texts[0]))
    yield "state that fails", state_screen(failing, main._news.state_changed)
    yield "metrics that fail", metrics_screen(failing)
    for text in texts[:SINGLES]:
        device, model = Device(text, text, text), ModelInfo(text, text, scripted=False)
        welcome = Welcome(ConnectionSignature(text), SessionId(text), model, text)
        yield "details", details_screen(TabDetails(text, device, LinkState.OPEN, welcome, text))
        yield "reason", reason_screen(text)
        yield "name", KeyNameScreen(lambda _key: None)
        yield "code", handoff_code_screen(text[:40], 300.0)


_QUOTED = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\n"): "\\n"}


# --- others -----------------------------------------------------------------------------------------------------


async def plain(show: Show, texts: list[str]) -> None:
    """Textual's own widgets, one kind after the other."""
    for name, make in plain_widgets():
        for begin in range(0, len(texts), BATCH):
            show.say(name)
            widget = make(texts[begin : begin + BATCH])
            await show.app.mount(widget)
            await show.frame()
            await widget.remove()


# --- planted bugs -----------------------------------------------------------------------------------------------


def without_the_filter() -> None:
    """The choke point lets everything through."""
    DisplayFilter.apply = lambda self, segments, background: segments  # type: ignore[method-assign]


def with_markup_on() -> None:
    """One widget reads markup in what it is given."""
    NoteView.show = lambda self, entry: self.update(Content.from_markup(entry.text))  # type: ignore[method-assign]


def with_links_in_the_open() -> None:
    """Links of an answer are the terminal's to follow."""
    honest = MarkdownDocument.__init__

    def init(self: MarkdownDocument, text: str, colors: dict[str, Any], code_theme: str) -> None:
        honest(self, text, colors, code_theme)
        self.parsed, self.hyperlinks = MarkdownIt().parse(text), True

    MarkdownDocument.__init__ = init  # type: ignore[method-assign]


PLANTS = {plant.__name__: plant for plant in (without_the_filter, with_markup_on, with_links_in_the_open)}


def main(mode: str, given: str, told: str, nonce: str) -> None:
    """Show it all, and report what was seen from inside."""
    os.umask(0o077)
    texts = json.loads(Path(given).read_text())
    board = Switchboard()
    app: App[Any] = PlainApp() if mode == "plain" else app_for_tests(board)
    if mode in PLANTS:
        PLANTS[mode]()
    shows: list[Show] = []
    crashes: list[str] = []

    async def pilot(pilot: Pilot[Any]) -> None:
        show = Show(app, pilot, nonce)
        shows.append(show)
        try:
            await (plain(show, texts) if mode == "plain" else ringback(show, board, texts))
        except Exception:  # noqa: BLE001 (whatever it is, the report has it)
            crashes.append(traceback.format_exc()[-1500:])
        show.say("end")
        app.exit()

    with contextlib.suppress(Exception):
        app.run(auto_pilot=pilot)
    if app._exception is not None:
        crashes.append("".join(traceback.format_exception(app._exception))[-1500:])
    report = {"crashes": crashes, "seen": [], "actions": []}
    for show in shows:
        report |= {"seen": sorted(show.seen), "actions": sorted(show.actions)}
    Path(told).write_text(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
