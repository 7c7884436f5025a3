"""Text from outside cannot drive the terminal: the bytes that the real app writes, widget by widget, text by text.

What a sequence is, and which ones the app needs for harmless text of the same shape, is read off the terminal itself.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from textual.widget import Widget
from textual.widgets import Input, Markdown, OptionList, Static, TextArea

from tests.faults.hostile_screen import PLANTS
from tests.faults.hostile_text import harmless, hostile
from tests.faults.terminal_bytes import Written, write_on_a_terminal

FULL, SHORT = 2000, 40
TOGETHER = 5
"""In the short form as many texts are one, so that a screen shows more of them at once."""
QUICK = {"BATCH": "25", "SINGLES": "2"}
PROCESSES = 2

SHOW_TEXT = {
    "AnswerView", "ApprovalPanel", "ApprovalView Static#approval-title", "ArgumentList Static.argument", "Composer",
    "ConfirmScreen Static.words", "DetailRow Static.value", "DetailsScreen VerticalScroll.dialog", "HeldLine",
    "HelpScreen Static.does", "HelpScreen Static.heading", "HelpScreen Static.pressed", "KeyInput", "KeyList",
    "LinePicker OptionList", "LinePicker Static.about", "LinePicker Vertical.dialog",
    "LiveAnswer MarkdownParagraph.level-0", "MainScreen Toast", "MetricsScreen Static", "NoteView",
    "QuitScreen Static.words", "ReasonScreen Input", "ReasonScreen Vertical.dialog", "SaidView", "StateScreen TextArea",
    "StatusLine Static#status-now", "CommandHints", "TabLabel", "ThoughtView", "TodoRow Static.words", "ToldLine",
    "ToolCardView",
}  # fmt: skip
"""Whatever shows text from outside, as the trial finds it on the screen; it fails if one of them shows none."""

SAY_THEIR_OWN = {"ChoiceButton", "WishButton", "EarlierLine", "FirstHint", "TodoHead", "EntryView"}
"""Those that say nothing from outside, or the name of a command alone."""


@dataclass
class Tally:
    texts: int = 0
    size: int = 0
    seen: set[str] = field(default_factory=set)
    wrongs: list[str] = field(default_factory=list)


@cache
def usual(mode: str) -> frozenset[str]:
    """The kinds of sequences that the app writes for harmless text."""
    with TemporaryDirectory() as folder:
        written = write_on_a_terminal(Path(folder), mode, together(harmless(20)), how=QUICK)
    assert not written.report["crashes"], written.report["crashes"]
    return frozenset(written.kinds)


def together(texts: list[str]) -> list[str]:
    return ["\n\n".join(texts[begin : begin + TOGETHER]) for begin in range(0, len(texts), TOGETHER)]


def check(
    folder: Path,
    texts: list[str],
    *,
    plant: str | None = None,
    seconds: float = 100.0,
    how: dict[str, str] | None = None,
) -> Tally:
    """Show the texts; what is wrong with what was written then."""
    allowed = usual("ringback")
    written = write_on_a_terminal(folder, plant or "ringback", texts, seconds=seconds, how=how)
    tally = Tally(len(texts), written.size, set(written.report.get("seen", ())))
    tally.wrongs += [f"crash: {crash}" for crash in written.report["crashes"]]
    tally.wrongs += [f"action: {action}" for action in written.report.get("actions", ())]
    tally.wrongs += [f"{name}: {leak}" for name, shown in written.shown.items() for leak in shown.leaks(set(allowed))]
    return tally


def test_no_text_from_outside_drives_the_terminal(tmp_path: Path) -> None:
    tally = check(tmp_path, together(hostile(SHORT, seed=6)), how=QUICK)
    assert tally.wrongs == []
    assert tally.seen >= SHOW_TEXT, SHOW_TEXT - tally.seen
    print(f"{SHORT} texts, {tally.size:,} bytes on the terminal, 0 leaks, {len(tally.seen)} places")


def test_every_widget_that_shows_text_is_in_the_trial() -> None:
    ours = {
        kind.__name__
        for base in (Static, Input, TextArea, Markdown, OptionList)
        for kind in _below(base)
        if kind.__module__.startswith(("client.widgets", "client.screens"))
    }
    tried = {name.partition(" ")[0] for name in SHOW_TEXT}
    assert ours - tried - SAY_THEIR_OWN == set(), "a new widget belongs into one of the two lists"


def test_a_filter_that_lets_everything_through_is_caught(tmp_path: Path) -> None:
    tally = check(tmp_path, together(hostile(10, seed=6)), plant="without_the_filter", how=QUICK)
    assert tally.wrongs
    print(f"without_the_filter: {tally.wrongs[:3]}")


@pytest.mark.stress
@pytest.mark.parametrize("plant", [plant for plant in PLANTS if plant != "without_the_filter"])
def test_another_planted_leak_is_caught(plant: str, tmp_path: Path) -> None:
    tally = check(tmp_path, hostile(40, seed=6), plant=plant, how=QUICK)
    assert tally.wrongs
    print(f"{plant}: {tally.wrongs[:3]}")


@pytest.mark.stress
@pytest.mark.timeout(3600)
async def test_no_text_drives_the_terminal_in_the_full_count(tmp_path: Path) -> None:
    texts = hostile(FULL, seed=66)
    usual("ringback")
    parts = [texts[number::PROCESSES] for number in range(PROCESSES)]
    folders = [tmp_path / str(number) for number in range(PROCESSES)]
    for folder in folders:
        folder.mkdir()
    tallies = await asyncio.gather(
        *(asyncio.to_thread(check, *both, seconds=3000.0) for both in zip(folders, parts, strict=True))
    )
    wrongs = [wrong for tally in tallies for wrong in tally.wrongs]
    assert wrongs == []
    seen = set[str]().union(*(tally.seen for tally in tallies))
    assert seen >= SHOW_TEXT, SHOW_TEXT - seen
    size = sum(tally.size for tally in tallies)
    print(f"{FULL} texts in {len(seen)} places each, {size:,} bytes on the terminal: 0 leaks, 0 crashes")


@pytest.mark.stress
def test_plain_textual_leaks_the_same_texts(tmp_path: Path) -> None:
    allowed = usual("plain")
    written: Written = write_on_a_terminal(tmp_path, "plain", hostile(80, seed=6))
    leaking = {
        name for name, shown in written.shown.items() if name not in {"start", "end"} and shown.leaks(set(allowed))
    }
    shown = written.shown.keys() - {"start", "end"}
    print(f"plain Textual: {len(leaking)} of {len(shown)} widgets leak: {sorted(leaking)}")
    assert len(leaking) > len(shown) / 2, "the texts are hostile indeed"


def _below(kind: type[Widget]) -> set[type[Widget]]:
    below: list[type[Widget]] = kind.__subclasses__()
    return {kind}.union(*(_below(under) for under in below))
