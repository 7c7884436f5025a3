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
        ("run ls -l", "run_command", {"command": "ls -l"}),
        ("Run the command: cat ./a.txt | wc -l", "run_command", {"command": "cat ./a.txt | wc -l"}),
        ("run `ls .`", "run_command", {"command": "ls ."}),
        ("run ls .", "run_command", {"command": "ls ."}),
        ("open https://example.org", "open_url", {"url": "https://example.org"}),
        ("Please open the page http://example.org/a?b=c.", "open_url", {"url": "http://example.org/a?b=c"}),
        ("write hello to notes.txt", "write_file", {"path": "notes.txt", "content": "hello\n"}),
        ("Write 'two words' into the file /tmp/a.b.", "write_file", {"path": "/tmp/a.b", "content": "two words\n"}),
        ("append more to log", "write_file", {"path": "log", "content": "more\n", "mode": "append"}),
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
        ("Remember that my colour is blue", "remember", {"key": "colour", "value": "blue"}),
        ("remember favourite tea: Earl Grey, hot", "remember", {"key": "favourite tea", "value": "Earl Grey, hot"}),
        ("remember age: 42", "remember", {"key": "age", "value": 42}),
        ("remember my tags are nice: [1, 1.5, true]", "remember", {"key": "tags are nice", "value": [1, 1.5, True]}),
        ("remember that my mum's birthday is 3 May", "remember", {"key": "mum's birthday", "value": "3 May"}),
        ("Remember the door code = 0123", "remember", {"key": "door code", "value": "0123"}),
        ("remember word: NaN", "remember", {"key": "word", "value": "NaN"}),
        ("remember colour: blue", "remember", {"key": "colour", "value": "blue"}),
        ("remember colour is blue", "remember", {"key": "colour", "value": "blue"}),
        ("Remember favourite tea  is Earl Grey, hot.", "remember", {"key": "favourite tea", "value": "Earl Grey, hot"}),
        ("remember this one is: 7", "remember", {"key": "this one is", "value": 7}),
        ("remember italy is a country", "remember", {"key": "italy", "value": "a country"}),
        ("remember that to do is tea", "remember", {"key": "to do", "value": "tea"}),
        ("remember deep: " + "[" * 980, "remember", {"key": "deep", "value": "[" * 980}),
        ("remember nothing: null", "remember", {"key": "nothing", "value": None}),
        ("what do you remember?", "recall", {}),
        ("recall", "recall", {}),
        ("What do you remember about me?", "recall", {}),
        ("recall everything", "recall", {}),
        ("recall the 'door code'", "recall", {"key": "door code"}),
        ("What do you remember about my colour?", "recall", {"key": "colour"}),
        ("recall colour", "recall", {"key": "colour"}),
        ("forget my colour", "forget", {"key": "colour"}),
        ("Please forget about the door code.", "forget", {"key": "door code"}),
        ("forget italy", "forget", {"key": "italy"}),
        ("forget colour", "forget", {"key": "colour"}),
        ("forget that colour", "forget", {"key": "that colour"}),
        ("recall what is due", "recall", {"key": "what is due"}),
        ("plan: , one thing;,", "update_todos", {"items": [{"content": "one thing", "status": "in_progress"}]}),
        (" plan:  one thing ", "update_todos", {"items": [{"content": "one thing", "status": "in_progress"}]}),
        (
            "plan: buy milk, write tests; ship",
            "update_todos",
            {
                "items": [
                    {"content": "buy milk", "status": "in_progress"},
                    {"content": "write tests", "status": "pending"},
                    {"content": "ship", "status": "pending"},
                ]
            },
        ),
    ],
)
def test_a_sentence_asks_for_its_tool(message: str, name: str, arguments: JsonObject) -> None:
    step = understand(message)
    assert step is not None
    (call,) = step.calls
    assert (call.name, call.arguments) == (name, arguments)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "hello",
        "change my mind",
        "what is love?",
        "I read file notes.txt yesterday",
        "location",
        "list",
        "remember me",
        "remember when this is over",
        "remember that this is important",
        "remember this is important",
        "remember that it is late",
        "remember what my name is",
        "remember who is who",
        "remember how hard it is to focus",
        "remember not everything is lost",
        "remember to say it is late",
        "remember the last time we met",
        "remember Bob called and said the milk is bad",
        "remember, tomorrow is Monday",
        "recall that",
        "recall what I said yesterday",
        "what do you remember about it?",
        "forget what I said",
        "forget about what I said",
        "forget that I asked",
        "remember to buy milk: two litres",
        "what is my colour?",
        "forget it",
        "Forget it!",
        "forget about that.",
        "forget everything",
        "plan",
        "plan: ",
        "plan: , ;",
        "my plan: go home",
        "run",
        "open the door",
        "open example.org",
        "write to me",
        "put the milk in the fridge.",
        "write a letter to my aunt",
    ],
)
def test_other_sentences_ask_for_nothing(message: str) -> None:
    assert understand(message) is None


@given(st.text())
def test_no_text_breaks_it(message: str) -> None:
    understand(message)


@pytest.mark.parametrize(
    "filler",
    [
        " ",
        "   1",
        " " * 19 + "1",
        " " * 19 + ".",
        "1",
        ".",
        " . ",
        "1 .",
        "list files in ",
        "copy to ",
        "notify me: ",
        "is a ",
        "is ",
        "a b is ",
        "that my ",
        "a: ",
        "a to ",
        "a to /a ",
    ],
)
def test_no_message_holds_it_up(filler: str) -> None:
    started = time.perf_counter()
    for start in (
        "what is ",
        "list ",
        "copy ",
        "weather ",
        "what's 1",
        "remember ",
        "recall ",
        "forget ",
        "plan: ",
        "write ",
        "run ",
    ):
        understand(start + filler * 900 + "x")
        understand((start + filler * 900)[:999] + "x")
    assert time.perf_counter() - started < 1
