"""The plain sentences, word for word and as people write them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.agent.models.demo_sentences import understand
from shared.json_types import JsonObject


@pytest.mark.parametrize(
    ("message", "name", "arguments"),
    [
        ("Change BGM to track 1", "change_bgm", {"track": 1}),
        ("  change   bgm TO Track 2!", "change_bgm", {"track": 2}),
        ("Please set the background music to 0", "change_bgm", {"track": 0}),
        ("play track 12", "change_bgm", {"track": 12}),
        ("What's my location?", "get_location", {}),
        ("what\u2019s MY location", "get_location", {}),
        ("What is my location?", "get_location", {}),
        ("where am I?", "get_location", {}),
        ("read file notes.txt", "read_file", {"path": "notes.txt"}),
        ("Read the file 'My Notes.txt'.", "read_file", {"path": "My Notes.txt"}),
        ("read file ../a", "read_file", {"path": "../a"}),
        ("list files", "list_directory", {}),
        ("List the files in src/", "list_directory", {"path": "src/"}),
        ("list files in .", "list_directory", {"path": "."}),
        ("list files in ../..", "list_directory", {"path": "../.."}),
        ("list directory My Documents", "list_directory", {"path": "My Documents"}),
        ("copy Hello, World! to the clipboard", "copy_to_clipboard", {"text": "Hello, World"}),
        ('copy "Hello, World!" to my clipboard.', "copy_to_clipboard", {"text": "Hello, World!"}),
        ("copy this to that to the clipboard", "copy_to_clipboard", {"text": "this to that"}),
        ("notify me that tea is ready", "notify", {"message": "tea is ready"}),
        ("Notify me: Lunch", "notify", {"message": "Lunch"}),
        ("what's the weather in São Paulo?", "get_weather", {"city": "São Paulo"}),
        ("How's the weather in Rome today", "get_weather", {"city": "Rome today"}),
        ("weather in Oslo", "get_weather", {"city": "Oslo"}),
        ("calculate sqrt(2) * 3", "calculate", {"expression": "sqrt(2) * 3"}),
        ("what is 2+2", "calculate", {"expression": "2+2"}),
        ("What's 3 * (4 - 1)?", "calculate", {"expression": "3 * (4 - 1)"}),
        ("what time is it in Asia/Tokyo?", "get_current_time", {"timezone": "Asia/Tokyo"}),
        ("what time is it in New York", "get_current_time", {"timezone": "New York"}),
        ("What time is it?", "get_current_time", {"timezone": "UTC"}),
    ],
)
def test_a_sentence_asks_for_its_tool(message: str, name: str, arguments: JsonObject) -> None:
    step = understand(message)
    assert step is not None
    (call,) = step.calls
    assert (call.name, call.arguments) == (name, arguments)


@pytest.mark.parametrize(
    "message", ["", "hello", "change my mind", "what is love?", "I read file notes.txt yesterday", "location", "list"]
)
def test_other_sentences_ask_for_nothing(message: str) -> None:
    assert understand(message) is None


@given(st.text())
def test_no_text_breaks_it(message: str) -> None:
    understand(message)


@pytest.mark.parametrize(
    "filler",
    [" ", "   1", " " * 19 + "1", " " * 19 + ".", "1", ".", " . ", "1 .", "list files in ", "copy to ", "notify me: "],
)
def test_no_message_holds_it_up(filler: str) -> None:
    started = time.perf_counter()
    for start in ("what is ", "list ", "copy ", "weather ", "what's 1"):
        understand(start + filler * 900 + "x")
        understand((start + filler * 900)[:999] + "x")
    assert time.perf_counter() - started < 1
