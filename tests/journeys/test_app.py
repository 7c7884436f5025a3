"""The real screen with real links to a real server: what the person sees in two and three tabs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from client.app import RingbackApp
from client.core.device_presets import device_named
from client.link.opening import link_opener
from client.screens.details import DetailRow
from client.settings import child_environment, read_settings
from client.tools.journal import Journal
from client.tools.music import MusicPlayer
from client.tools.runs import Runs
from client.widgets.chat_tab import ChatTab
from shared.frames import AgentSaid, Update

PATIENCE = 20.0


class Person:
    """Someone at the screen."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot

    @property
    def app(self) -> RingbackApp:
        assert isinstance(self.pilot.app, RingbackApp)
        return self.pilot.app

    @property
    def tabs(self) -> list[ChatTab]:
        return self.app.main.tabs.chats

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                await self.pilot.pause(0.02)

    async def says(self, text: str) -> None:
        self.app.main.tabs.front.composer.insert(text)
        await self.pilot.press("enter")

    async def answers(self, key: str) -> None:
        """Go to the front tab's approval, read it, press ``key``."""
        front = self.app.main.tabs.front
        await self.until(lambda: front.panel.queue.shown is not None)
        await self.pilot.press("tab")
        await self.until(lambda: front.panel.has_focus)
        await self.pilot.pause(0.6)
        await self.pilot.press(key)


def shown(chat: ChatTab) -> list[str]:
    """The tools that this tab's approvals ask about now."""
    return [waiting.approval.name for waiting in chat.panel.queue.waiting]


def told(chat: ChatTab) -> str:
    """Everything in the tab's transcript, as text."""
    return "\n".join(str(entry) for entry in chat.conversation.entries.values())


@asynccontextmanager
async def person(
    home: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Person]:
    for name in [name for name in os.environ if name.startswith("RINGBACK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RINGBACK_HOME", str(home))
    monkeypatch.setenv("RINGBACK_GRACE", "0.3")
    monkeypatch.setenv("RINGBACK_LOCATION", "Lisbon")
    settings = read_settings({"model": "demo"})
    player = MusicPlayer(settings.music_folder, child_environment())
    journal = Journal(home / "runs.db")
    app = RingbackApp(
        open_link=link_opener(settings, player, Runs(journal), home, umask=0o022),
        device=device_named("PC"),
        version="test",
        devices=(),
    )
    try:
        async with app.run_test(size=size) as pilot:
            someone = Person(pilot)
            await someone.until(lambda: someone.tabs[0].welcome is not None)
            yield someone
    finally:
        journal.close()
        await player.stop()


async def test_one_tab_approves_and_the_track_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with person(tmp_path, monkeypatch) as someone:
        (tab,) = someone.tabs
        await someone.says("Change BGM to track 1")
        await someone.answers("a")
        await someone.until(lambda: "Now playing track 1" in told(tab))
        assert tab.track is not None
        assert shown(tab) == []


async def test_two_tabs_ask_for_different_tracks_and_each_sees_only_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with person(tmp_path, monkeypatch) as someone:
        await someone.says("Change BGM to track 0")
        await someone.pilot.press("ctrl+t")
        await someone.says("Change BGM to track 1")
        first, second = someone.tabs
        await someone.until(lambda: bool(shown(first) and shown(second)))
        waiting = [[one.approval.arguments for one in tab.panel.queue.waiting] for tab in (first, second)]
        assert waiting == [[{"track": 0}], [{"track": 1}]]
        await someone.answers("a")
        await someone.until(lambda: "Now playing track 1" in told(second))
        assert "playing" not in told(first)
        assert shown(first) == ["change_bgm"]
        await someone.pilot.press("f6")
        await someone.answers("r")
        await someone.until(lambda: "declined" in told(first))
        assert "Now playing" not in told(first)


async def test_each_tab_shows_a_session_and_a_signature_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    async with person(tmp_path, monkeypatch) as someone:
        await someone.pilot.press("ctrl+t")
        await someone.until(lambda: all(tab.welcome is not None for tab in someone.tabs))
        for _ in range(2):
            await someone.pilot.press("f2")
            rows = {row.label: row.value for row in someone.app.screen.query(DetailRow)}
            assert rows["Session"] == f"session_{os.environ.get('USER', 'root')}_{rows['Signature']}"
            seen.append(rows["Session"])
            await someone.pilot.press("escape")
            await someone.pilot.press("ctrl+pageup")
    assert len(set(seen)) == 2


async def test_one_tab_waits_for_music_and_another_for_the_location_and_each_answer_runs_only_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with person(tmp_path, monkeypatch) as someone:
        await someone.says("Change BGM to track 2")
        await someone.pilot.press("ctrl+t")
        await someone.says("What's my location?")
        music, place = someone.tabs
        await someone.until(lambda: (shown(music), shown(place)) == (["change_bgm"], ["get_location"]))
        await someone.answers("a")
        await someone.until(lambda: "Lisbon" in told(place))
        assert shown(music) == ["change_bgm"]
        assert music.track is None
        await someone.pilot.press("f6")
        await someone.answers("a")
        await someone.until(lambda: "Now playing track 2" in told(music))
        assert "Lisbon" not in told(music)


async def test_three_tabs_wait_at_once_and_nothing_is_seen_in_a_fourth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with person(tmp_path, monkeypatch) as someone:
        for track in range(3):
            await someone.says(f"Change BGM to track {track}")
            await someone.pilot.press("ctrl+t")
        await someone.until(lambda: all(shown(tab) for tab in someone.tabs[:3]))
        assert shown(someone.tabs[3]) == []
        assert not someone.tabs[3].panel.display
        assert [tab.panel.queue.waiting[0].approval.arguments["track"] for tab in someone.tabs[:3]] == [0, 1, 2]


async def test_closing_the_tab_that_waits_leaves_the_others_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with person(tmp_path, monkeypatch) as someone:
        await someone.says("Change BGM to track 0")
        await someone.pilot.press("ctrl+t")
        await someone.says("Change BGM to track 1")
        first, second = someone.tabs
        await someone.until(lambda: bool(shown(first) and shown(second)))
        await someone.pilot.press("f4")
        await someone.pilot.press("y")
        await someone.until(lambda: someone.tabs == [first])
        await someone.answers("a")
        await someone.until(lambda: "Now playing track 0" in told(first))


async def test_what_is_said_before_the_server_is_up_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Update] = []

    def keep(self: ChatTab, seq: int, update: Update) -> None:
        answers.append(update)
        honest(self, seq, update)

    honest = ChatTab.updated
    monkeypatch.setattr(ChatTab, "updated", keep)
    async with person(tmp_path, monkeypatch) as someone:
        await someone.says("calculate 123*456")
        await someone.until(lambda: "56088" in "".join(u.text for u in answers if isinstance(u, AgentSaid)))
