"""What is kept of the tabs comes back as it was, and nothing else is taken for it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.core.saved_tabs import SavedTab, SavedTabs, UnfitFileError, read_tabs, write_tabs
from client.ports import Resumed
from shared.frames import Device
from shared.ids import MessageId, SessionId

PC = Device("pc", "PC", "pc")
ANY = st.text(st.characters(), max_size=30)
"""Lone surrogates too: a draft may hold whatever a terminal sent."""
STARTS = st.builds(Resumed, ANY.map(SessionId), st.integers(0, 10**9), st.none() | ANY)
TABS = st.builds(
    SavedTab,
    device=st.builds(Device, ANY, ANY, ANY),
    title=st.none() | ANY,
    name=ANY,
    start=st.none() | STARTS,
    draft=ANY,
    unsent=st.lists(st.tuples(ANY.map(MessageId), ANY), max_size=3).map(tuple),
    rows_below=st.integers(0, 10**6),
    is_unread=st.booleans(),
)


@st.composite
def saved_tabs(draw: st.DrawFn) -> SavedTabs:
    tabs = tuple(draw(st.lists(TABS, max_size=5)))
    return SavedTabs(tabs, draw(st.integers(0, max(len(tabs) - 1, 0))))


@given(saved_tabs())
def test_what_is_written_is_read_as_it_was(saved: SavedTabs) -> None:
    assert read_tabs(write_tabs(saved)) == saved


@given(saved_tabs(), st.data())
def test_a_file_cut_off_anywhere_is_refused(saved: SavedTabs, data: st.DataObject) -> None:
    written = write_tabs(saved)
    with pytest.raises(UnfitFileError):
        read_tabs(written[: data.draw(st.integers(0, len(written) - 1))])


@given(st.binary(max_size=200))
def test_whatever_else_is_in_the_file_is_refused_and_is_no_crash(data: bytes) -> None:
    with pytest.raises(UnfitFileError):
        read_tabs(data)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"format": "ringback tabs", "version": 2, "tabs": []}, "another version"),
        ({"format": "bookmarks", "version": 1, "tabs": []}, "something else"),
        ({"format": "ringback tabs", "version": 1, "tabs": [{"draft": "no device"}]}, "damaged"),
        ({"format": "ringback tabs", "version": 1, "tabs": "none"}, "damaged"),
        ([1, 2], "damaged"),
    ],
)
def test_a_foreign_or_newer_file_is_refused_with_the_reason(told: object, why: str) -> None:
    with pytest.raises(UnfitFileError, match=why):
        read_tabs(json.dumps(told).encode())


def test_the_secret_is_not_shown_with_the_tab() -> None:
    assert "hush" not in repr(SavedTab(PC, start=Resumed(SessionId("s"), 1, "hush")))


@pytest.mark.parametrize("active", [-3, 1, 99])
def test_there_is_always_a_tab_in_front(active: int) -> None:
    told = json.loads(write_tabs(SavedTabs((SavedTab(PC, draft="a"), SavedTab(PC, draft="b")))))
    told["active"] = active
    assert read_tabs(json.dumps(told).encode()).active == min(max(active, 0), 1)


def test_a_tab_that_was_never_used_is_kept_only_with_a_draft_or_something_unsent() -> None:
    unsent = SavedTab(PC, unsent=((MessageId("m"), "hello"),))
    used = SavedTab(PC, start=Resumed(SessionId("s"), 1, "x"))
    written = SavedTab(PC, draft="half a sent")
    tabs = SavedTabs((SavedTab(PC), used, SavedTab(PC, draft=" \n", title="named"), written, unsent), active=2)
    assert tabs.worth_keeping == SavedTabs((used, written, unsent), active=0)
    assert SavedTabs((SavedTab(PC),)).worth_keeping == SavedTabs()
