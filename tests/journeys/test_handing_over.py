"""Two tabs of one person at a real server: a conversation changes hands, and a question is answered elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.test_app import Person, person, shown, told


async def two_devices(someone: Person) -> None:
    """A tab as the PC, and in front one as an iPhone."""
    await someone.says("/new iPhone")
    await someone.until(lambda: len(someone.tabs) == 2 and someone.tabs[1].welcome is not None)


async def choose(someone: Person, key: str) -> None:
    await someone.until(lambda: len(someone.app.screen_stack) == 2)
    await someone.pilot.press(key)
    await someone.until(lambda: len(someone.app.screen_stack) == 1)


async def test_a_question_is_sent_to_the_phone_and_runs_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with person(tmp_path, monkeypatch) as someone:
        await two_devices(someone)
        pc, phone = someone.tabs
        await someone.pilot.press("alt+1")
        await someone.says("Change BGM to track 1")
        await someone.answers("d")
        await choose(someone, "1")
        await someone.until(lambda: shown(phone) == ["change_bgm"])
        assert shown(pc) == []
        assert phone.panel.queue.waiting[0].approval.asked_by == "PC"
        await someone.pilot.press("f6")
        await someone.answers("a")
        await someone.until(lambda: "Now playing track 1" in told(pc))
        assert phone.track is not None
        assert pc.track is None
        await someone.until(lambda: "CallState.DONE" in told(phone))


async def test_a_no_with_a_reason_reaches_the_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with person(tmp_path, monkeypatch) as someone:
        (tab,) = someone.tabs
        await someone.says("Change BGM to track 1")
        await someone.answers("R")
        await someone.until(lambda: len(someone.app.screen_stack) == 2)
        await someone.pilot.press(*"loud", "enter")
        await someone.until(lambda: not tab.conversation.is_working)
        assert "declined" in told(tab)
        assert tab.track is None


async def test_a_conversation_handed_to_the_phone_goes_on_there_and_can_be_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with person(tmp_path, monkeypatch) as someone:
        await two_devices(someone)
        await someone.pilot.press("alt+1")
        pc = someone.tabs[0]
        await someone.says("calculate 123*456")
        await someone.until(lambda: "56088" in told(pc))
        await someone.says("/handoff")
        await choose(someone, "1")
        await someone.until(lambda: len(someone.tabs) == 3)
        beside = someone.tabs[2]
        assert beside.device.label == "iPhone"
        await someone.until(lambda: "56088" in told(beside))
        await someone.until(lambda: pc.conversation.held_by == "iPhone")
        assert someone.app.main.tabs.front is pc
        await someone.says("/take")
        await someone.until(lambda: pc.conversation.held_by is None)
        await someone.until(lambda: beside.conversation.held_by == "PC")
        await someone.says("calculate 2*21")
        await someone.until(lambda: "42" in told(pc))


async def test_a_wrong_code_leaves_no_tab_behind_and_can_be_mended_where_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with person(tmp_path, monkeypatch) as someone:
        (tab,) = someone.tabs
        await someone.says("/join ABCD-EFGH-JKMN")
        await someone.until(lambda: "Ask for a new one" in told(tab))
        await someone.until(lambda: someone.tabs == [tab])
        assert someone.app.main.tabs.front is tab
        assert tab.composer.text == "/join ABCD-EFGH-JKMN"
