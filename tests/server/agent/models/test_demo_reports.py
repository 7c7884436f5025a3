"""The sentence about a tool's result."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.agent.models.demo_reports import ToolResult, report
from server.agent.tools import BACKEND_TOOLS
from shared.catalog import FRONTEND_TOOLS
from shared.json_types import JsonObject


@pytest.mark.parametrize(
    ("name", "result", "sentence"),
    [
        ("change_bgm", {"success": True, "track": 1}, "Now playing track 1."),
        (
            "change_bgm",
            {"success": True, "track": 1, "note": "There is no audio device."},
            "Now playing track 1. There is no audio device.",
        ),
        (
            "get_location",
            {"success": True, "location": "Lisbon", "source": "settings"},
            "Your location is Lisbon (from settings).",
        ),
        ("read_file", {"success": True, "path": "/a", "content": "hi"}, "read_file gave 2 characters of /a: hi"),
        (
            "list_directory",
            {"success": True, "path": "/a", "entries": [{"name": "b"}, {"name": "c"}]},
            "list_directory found 2 names in /a: b, c",
        ),
        ("copy_to_clipboard", {"success": True, "characters": 5}, "Copied 5 characters to the clipboard."),
        ("notify", {"success": True}, "The notice was shown."),
        (
            "run_command",
            {"success": True, "exit_code": 0, "stdout": "a\nb\n", "stderr": ""},
            "The command ended with exit code 0: a\nb",
        ),
        (
            "run_command",
            {"success": True, "exit_code": 0, "stdout": "", "stderr": ""},
            "The command ended with exit code 0, and it wrote nothing.",
        ),
        ("write_file", {"success": True, "bytes": 6, "path": "/a"}, "Wrote 6 bytes to /a."),
        ("open_url", {"success": True, "url": "https://a.b"}, "Opened https://a.b in your browser."),
        ("calculate", {"success": True, "expression": "2+2", "result": 4}, "2+2 = 4"),
        ("remember", {"success": True, "key": "age", "value": 42}, "I will remember age: 42."),
        ("recall", {"success": True, "key": "tags", "value": ["a", None]}, 'You told me tags: ["a", null].'),
        ("recall", {"success": True, "keys": [], "count": 0}, "You have not told me to remember anything yet."),
        ("recall", {"success": True, "keys": ["a", "b"], "count": 2}, "I remember 2 things: a, b."),
        ("forget", {"success": True, "key": "age", "forgotten": True}, "I forgot age."),
        ("update_todos", {"success": True, "count": 3, "completed": 1}, "The list has 3 things to do, 1 of them done."),
        ("water_plants", {"success": True, "litres": 3}, "water_plants is done: litres 3."),
        ("water_plants", {"success": True}, "water_plants is done."),
        ("change_bgm", {"success": True}, "change_bgm is done."),
        ("notify", {"success": False, "error": "No screen."}, "notify did not work: No screen."),
        ("notify", {"error": "Aborted."}, "notify did not work: Aborted."),
        ("notify", {"success": False}, "notify did not work: no reason was given"),
    ],
)
def test_a_result_is_one_sentence(name: str, result: JsonObject, sentence: str) -> None:
    assert report(ToolResult(name, result)) == sentence


def test_a_long_fact_is_cut() -> None:
    sentence = report(ToolResult("read_file", {"success": True, "path": "a", "content": "x" * 10_000}))
    assert "10000 characters" in sentence
    assert len(sentence) < 300


@given(
    st.sampled_from([spec.name for spec in FRONTEND_TOOLS] + [tool.name for tool in BACKEND_TOOLS]),
    st.dictionaries(
        st.sampled_from(["success", "error", "track", "content", "path", "entries", "location"]), st.none()
    ),
)
def test_no_result_breaks_it(name: str, result: JsonObject) -> None:
    assert report(ToolResult(name, result))
