"""What a question shows of the device: seen before an answer counts, and never to be mistaken for the arguments."""

from __future__ import annotations

import time

import pytest
from textual.pilot import Pilot

from client.core.approval_preview import PREVIEWED, Preview
from client.core.command_preview import command_preview
from client.core.url_preview import url_preview
from client.core.write_preview import write_preview
from client.tools import TOOLS
from client.widgets.preview_block import PreviewBlock
from shared.frames import ApprovalAnswered, Choice
from shared.ids import ToolCallId
from shared.json_types import JsonObject
from tests.client.link_for_tests import screen_text, until
from tests.client.widgets.test_approval_panel import Scene

BAR = "▌"
OWN = "Runs with /bin/sh -c for at most 60 s in /home/ada"


async def show(scene: Scene, pilot: Pilot[None], name: str, arguments: JsonObject, preview: Preview | None) -> None:
    asked = scene.link.ask("call-1", name, arguments)
    if preview is not None:
        scene.link.events.approval_previewed(asked, preview)
    await pilot.press("tab")
    await pilot.pause()


def panel_rows(scene: Scene) -> list[str]:
    """The rows inside of the panel's border, without the frame."""
    region = scene.chat.panel.region
    rows = screen_text(scene.app).split("\n")[region.y + 1 : region.bottom - 1]
    return [row[region.x + 2 : region.right - 2].rstrip() for row in rows]


def test_the_questions_that_wait_for_a_look_are_those_of_tools_that_look() -> None:
    assert {tool.spec.name for tool in TOOLS if tool.look is not None} == PREVIEWED


async def test_no_answer_counts_before_it_was_seen_what_would_happen() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        asked = scene.link.ask("call-1", "write_file", {"path": "x", "content": "new\n"})
        await pilot.press("tab")
        await pilot.pause()
        assert "Looking at what this would do" in screen_text(scene.app)
        scene.wait()
        await pilot.press("a")
        assert scene.link.answers == []
        scene.link.events.approval_previewed(asked, write_preview("/w/x", b"old\n", "new\n", "replace", ()))
        await until(pilot, lambda: "Replaces /w/x: 1 line come, 1 go" in screen_text(scene.app))
        await pilot.press("a")
        assert scene.link.answers == [], "it must be on the screen for a while first"
        await until(pilot, lambda: scene.chat.panel.queue.painted_at is not None)
        scene.wait()
        await pilot.press("a")
        assert scene.link.answers == [ApprovalAnswered(ToolCallId("call-1"), Choice.ALLOW_ONCE)]


async def test_a_look_at_what_is_over_changes_nothing() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        asked = scene.link.ask("call-1", "open_url", {"url": "https://example.org"})
        await pilot.pause()
        again = scene.link.ask("call-1", "open_url", {"url": "https://example.net"})
        scene.link.events.approval_previewed(asked, url_preview("https://example.org"))
        await pilot.press("tab")
        scene.wait()
        await pilot.press("a")
        assert scene.link.answers == []
        scene.link.events.approval_previewed(again, url_preview("https://example.net"))
        await until(pilot, lambda: "Leads to example.net" in screen_text(scene.app))


HOSTILE = [
    OWN,
    f"x\n{OWN}\n{BAR} y",
    f"{' ' * 70}{OWN}",  # it comes to stand where a row begins
    f"a\r{OWN}",
    f"a\u2028{OWN}",
    f"a\x1b[2K\x1b[1G{OWN}",
    f"[/]{OWN}[@click=app.quit]x[/]",
    f"漢{'字' * 33}{OWN}",
]


def preview_of(name: str, hostile: str) -> tuple[JsonObject, Preview]:
    match name:
        case "run_command":
            return {"command": hostile}, command_preview(hostile, "/home/ada", 60)
        case "write_file":
            old = f"old\n{hostile}".encode("utf-8", "replace")
            return {"content": hostile}, write_preview("/home/ada/x", old, hostile, "replace", ())
        case _:
            return {"url": hostile}, url_preview(hostile)


@pytest.mark.parametrize("name", ["run_command", "write_file", "open_url"])
async def test_no_text_from_outside_looks_like_the_prompts_own_words(name: str) -> None:
    scene = Scene()
    async with scene.started((80, 60)) as pilot:
        for hostile in HOSTILE if name == "run_command" else HOSTILE[1:4]:
            await show(scene, pilot, name, *preview_of(name, hostile))
            await until(pilot, lambda: scene.chat.panel.queue.painted_at is not None)
            rows = panel_rows(scene)
            own = [row for row in rows if row.startswith(OWN[:20])]
            assert own == ([OWN] if name == "run_command" else [])
            outside = "".join(row.strip(" ┃│")[len(f"{BAR} $ ") :] for row in rows if row.startswith(BAR))
            assert OWN.replace(" ", "") in outside.replace(" ", ""), "it is shown all the same"
            assert not [row for row in rows if OWN[:12] in row and row not in own and not row.startswith(BAR)]
            scene.chat.panel.withdraw_all()
            await pilot.pause()


async def test_what_comes_and_goes_is_told_by_sign_and_by_colour() -> None:
    scene = Scene()
    async with scene.started((80, 40)) as pilot:
        preview = write_preview("/w/x", b"same\nold\n", "same\nnew\n", "replace", ())
        await show(scene, pilot, "write_file", {"path": "x", "content": "same\nnew\n"}, preview)
        await until(pilot, lambda: bool(scene.app.query(PreviewBlock)))
        await pilot.pause()
        block = scene.app.screen.query_exactly_one(PreviewBlock)
        strips = [block.render_line(y) for y in range(3)]
        assert [strip.text.rstrip() for strip in strips] == ["  same", "- old", "+ new"]
        assert len({segment.style.bgcolor for strip in strips for segment in strip if segment.style}) == 3


async def test_a_long_file_is_scrolled_to_its_end_and_holds_nothing_up() -> None:
    scene = Scene()
    content = "".join(f"line {number} of a file that is as long as one may be\n" for number in range(20_000))
    preview = write_preview("/w/x", b"line\n", content, "replace", ())
    async with scene.started() as pilot:
        began = time.process_time()
        await show(scene, pilot, "write_file", {"path": "x", "content": content}, preview)
        await until(pilot, lambda: scene.chat.panel.queue.painted_at is not None)
        assert time.process_time() - began < 5
        assert "↓ more" in str(scene.chat.panel.border_subtitle)
        scene.chat.panel.action_scroll_arguments(60_000)
        await until(pilot, lambda: "line 19999" in screen_text(scene.app))


@pytest.mark.parametrize("width", [40, 80, 121])
async def test_every_character_of_a_command_is_on_the_screen(width: int) -> None:
    scene = Scene()
    command = "echo " + "".join(chr(0x4E00 + n) for n in range(80)) + "a" * 200 + "\n" + "b" * 90
    async with scene.started((width, 60)) as pilot:
        await show(scene, pilot, "run_command", {"command": command}, command_preview(command, "/w", 60))
        await until(pilot, lambda: bool(scene.app.query(PreviewBlock)))
        await pilot.pause()
        block = scene.app.screen.query_exactly_one(PreviewBlock)
        rows = [block.render_line(y).text for y in range(block.size.height)]
        assert "".join(row[2:].rstrip() for row in rows).replace(" ", "") == command.replace(" ", "").replace("\n", "")


async def test_a_text_for_the_clipboard_that_ends_with_a_line_end_is_warned_of_and_shown() -> None:
    scene = Scene()
    async with scene.started() as pilot:
        await show(scene, pilot, "copy_to_clipboard", {"text": "rm -rf x\n"}, None)
        await until(pilot, lambda: "! Ends with a line end" in screen_text(scene.app))
        assert "rm -rf x" in screen_text(scene.app)
