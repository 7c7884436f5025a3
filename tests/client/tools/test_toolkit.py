"""The tools a tab offers, and what becomes of a call."""

from __future__ import annotations

import logging
import uuid
from pathlib import Path

import pytest

from client.core.device_presets import device_named
from client.tools import TOOLS
from client.tools.device import DeviceState
from client.tools.music import MusicPlayer
from client.tools.place import Place
from client.tools.toolkit import Toolkit
from shared.catalog import FRONTEND_TOOLS
from shared.frames import ToolCalled
from shared.ids import ClaimId, SessionId, ToolCallId
from shared.json_types import JsonObject
from tests.client.tab_for_tests import ToolboxForTests, runs_for_tests


def toolkit(device: str = "PC", toolbox: ToolboxForTests | None = None, place: Place | None = None) -> Toolkit:
    state = DeviceState(device_named(device), toolbox or ToolboxForTests(), MusicPlayer(None), Path("/"), place)
    return Toolkit(state, runs_for_tests())


async def call(tools: Toolkit, name: str, arguments: JsonObject) -> JsonObject:
    await tools.announce()
    return await tools.run(ToolCalled(SessionId("s"), ToolCallId("c"), name, arguments, ClaimId(str(uuid.uuid4()))))


def test_the_catalogue_equals_the_clients_tools() -> None:
    assert tuple(tool.spec for tool in TOOLS) == FRONTEND_TOOLS


@pytest.mark.parametrize("device", ["PC", "pc", "Fridge"])
def test_a_computer_or_any_other_device_offers_everything(device: str) -> None:
    assert toolkit(device).specs == FRONTEND_TOOLS


@pytest.mark.parametrize("device", ["iPhone", "Android"])
def test_a_phone_keeps_its_files_to_itself(device: str) -> None:
    names = {spec.name for spec in toolkit(device).specs}
    assert names == {"change_bgm", "get_location", "copy_to_clipboard", "notify", "open_url"}


def test_where_there_is_no_shell_no_command_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.tools.device.sys.platform", "win32")
    assert {spec.name for spec in FRONTEND_TOOLS} - {spec.name for spec in toolkit().specs} == {"run_command"}


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("change_bgm", {}, "change_bgm needs the argument track."),
        ("change_bgm", {"track": True}, "The argument track of change_bgm must be an integer."),
        ("change_bgm", {"track": 1.5}, "The argument track of change_bgm must be an integer."),
        ("change_bgm", {"track": -1}, "The argument track of change_bgm must be at least 0, and -1 is less."),
        ("get_location", {"x": 1}, "get_location has no argument 'x'. Its arguments: none."),
        ("notify", {"message": ""}, "The argument message of notify must not be empty."),
        ("notify", {"message": 7}, "The argument message of notify must be a string."),
        (
            "write_file",
            {"path": "x", "content": "y", "mode": "z"},
            "The argument mode of write_file must be one of replace, append, create.",
        ),
        (
            "run_command",
            {"command": "x", "timeout": 601},
            "The argument timeout of run_command must be at most 600, and 601 is more.",
        ),
        ("read_file", {"path": "x", "line": 0}, "The argument line of read_file must be at least 1, and 0 is less."),
    ],
)
async def test_arguments_that_do_not_fit_are_refused_by_name(name: str, arguments: JsonObject, sentence: str) -> None:
    assert await call(toolkit(), name, arguments) == {"success": False, "error": sentence}


async def test_the_clipboard_and_the_notice_reach_the_toolbox() -> None:
    box = ToolboxForTests()
    tools = toolkit(toolbox=box)
    assert await call(tools, "copy_to_clipboard", {"text": ""}) == {"success": True, "characters": 0}
    assert await call(tools, "notify", {"message": "Tea"}) == {"success": True}
    assert await call(tools, "notify", {"message": "Tea", "title": "Now"}) == {"success": True}
    assert (box.copied, box.notices) == ([""], [("Tea", None), ("Tea", "Now")])


async def test_a_bug_in_a_tool_becomes_a_sentence_and_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ToolboxForTests):
        def show_notice(self, message: str, title: str | None) -> None:
            raise RuntimeError("inner words")

    with caplog.at_level(logging.ERROR):
        answer = await call(toolkit(toolbox=Broken()), "notify", {"message": "x"})
    assert answer == {"success": False, "error": "notify failed on this device; its log says why."}
    assert "inner words" in caplog.text


@pytest.mark.parametrize(
    ("device", "place", "answer"),
    [
        ("PC", Place("Oslo"), {"success": True, "location": "Oslo", "source": "settings"}),
        (
            "iPhone",
            Place("1, 2", 1.0, 2.0),
            {"success": True, "location": "1, 2", "latitude": 1.0, "longitude": 2.0, "source": "settings"},
        ),
        (
            "iPhone",
            None,
            {
                "success": True,
                "location": "Tokyo, Japan",
                "latitude": 35.6762,
                "longitude": 139.6503,
                "source": "simulated device iPhone",
            },
        ),
    ],
)
async def test_the_location_comes_from_the_settings_or_the_simulated_device(
    device: str, place: Place | None, answer: JsonObject
) -> None:
    assert await call(toolkit(device, place=place), "get_location", {}) == answer


async def test_a_device_that_does_not_know_where_it_is_says_how_to_tell_it() -> None:
    answer = await call(toolkit(), "get_location", {})
    assert answer["success"] is False
    assert "RINGBACK_LOCATION" in str(answer["error"])
