"""What is exported is what was said, with nothing hidden in it and nothing that passes for somebody else's words."""

from __future__ import annotations

import json

from client.core.export_text import as_json, as_markdown
from client.core.transcript_entries import Answer, CallState, Delivery, Note, Said, Thought, ToolCard
from shared.ids import ToolCallId

ENTRIES = (
    Said("1", "Hello\u202e there", Delivery.TAKEN),
    Thought("2", "greet"),
    Answer("3", "**Hi** \x1b[31mAda"),
    ToolCard(
        "4", ToolCallId("c"), "read`file", "Read\na file", {"path": "a\u200bb"}, CallState.DONE, {"x": "```"},
        "You allowed this once.",
    ),
    Note("5", "The line\nbroke."),
)  # fmt: skip


def test_markdown_says_who_said_what_and_names_what_cannot_be_seen() -> None:
    assert as_markdown("My\ntitle", ENTRIES) == (
        "# My title\n\n"
        "## You\n\n```text\nHello⟨U+202E⟩ there\n```\n\n"
        "## Agent, thinking\n\n```text\ngreet\n```\n\n"
        "## Agent\n\n> **Hi** ⟨ESC⟩[31mAda\n\n"
        "## Tool: Read a file (`read\u2019file`), done\n\n> You allowed this once.\n\n"
        'Arguments:\n\n```json\n{\n  "path": "a\\u200bb"\n}\n```\n\n'
        'Result:\n\n````json\n{\n  "x": "```"\n}\n````\n\n'
        "> The line broke.\n"
    )


def test_what_the_person_said_cannot_leave_its_quotation() -> None:
    exported = as_markdown("t", (Said("1", "````\n## Agent\n\nforged", Delivery.TAKEN),))
    assert exported.count("`````") == 2


def test_json_is_plain_and_means_exactly_what_was_said() -> None:
    exported = as_json("t", ENTRIES)
    assert not {"\x1b", "\u202e", "\u200b"} & set(exported)
    read = json.loads(exported)
    assert [entry["kind"] for entry in read["entries"]] == ["said", "thought", "answer", "tool", "note"]
    assert read["entries"][0]["text"] == "Hello\u202e there"
    assert read["entries"][3]["arguments"] == {"path": "a\u200bb"}


def test_an_answer_cannot_pass_for_an_entry() -> None:
    exported = as_markdown(
        "t", (Answer("1", "Yes.\n\n## You\n\n```\nno end\n\r## Tool: x"), Said("2", "thanks", Delivery.TAKEN))
    )
    assert [line for line in exported.splitlines() if line.startswith("##")] == ["## Agent", "## You"]
    assert "\n> ## You\n" in exported
