"""Looking at the shared state and editing it: drafts are kept, and nothing is overwritten unseen."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.core.state_editor import NEW_VALUE, NEW_VALUE_CURSOR, Listed, StateEditor
from client.core.state_text import UnfitValueError, state_text
from shared.json_types import JsonObject

BLUE: JsonObject = {"name": "blue"}
RED: JsonObject = {"name": "red"}
BLUE_TEXT, RED_TEXT = state_text(BLUE), state_text(RED)


def reading(key: str = "colour", data: JsonObject | None = BLUE, *more: str) -> StateEditor:
    """An editor that shows ``key``, whose value was read."""
    editor = StateEditor()
    editor.listed((key, *more))
    editor.choose(key)
    editor.read(key, data)
    return editor


def editing() -> StateEditor:
    editor = reading()
    editor.write('{"name": "green"}')
    return editor


def facts(editor: StateEditor) -> tuple[object, ...]:
    return editor.keys, editor.shown, editor.is_readable, editor.text


def test_the_first_key_is_shown_and_cannot_be_written_before_it_was_read() -> None:
    editor = StateEditor()
    assert facts(editor) == ((), None, False, "")
    editor.write("typed into nothing")
    editor.listed(("b", "a"))
    assert facts(editor) == (("a", "b"), "a", False, "")
    editor.write("typed too early")
    assert editor.drafts == {}
    editor.read("a", BLUE)
    assert (editor.is_readable, editor.text) == (True, BLUE_TEXT)


def test_writing_makes_a_draft_and_going_back_to_how_it_was_leaves_none() -> None:
    editor = editing()
    assert (editor.is_editing, editor.text) == (True, '{"name": "green"}')
    assert editor.lines == (Listed("colour", "colour", is_edited=True),)
    assert editor.unsaved() == ("colour: changes that are not saved.",)
    editor.write(BLUE_TEXT)
    assert (editor.is_editing, editor.text) == (False, BLUE_TEXT)
    assert editor.unsaved() == ()
    assert editor.lines == (Listed("colour", "colour", is_edited=False),)


def test_a_draft_is_kept_while_another_key_is_looked_at() -> None:
    editor = reading("colour", BLUE, "home")
    editor.write("half writ")
    editor.choose("home")
    assert (editor.is_editing, editor.is_readable, editor.text) == (False, False, "")
    editor.read("home", RED)
    assert editor.text == RED_TEXT
    editor.choose("colour")
    assert (editor.is_editing, editor.text) == (True, "half writ")


def test_what_is_saved_is_a_draft_no_longer() -> None:
    editor = editing()
    editor.saved("colour", '{"name": "green"}', {"name": "green"})
    assert not editor.is_editing
    assert editor.text == state_text({"name": "green"})


def test_what_was_written_while_saving_stays_a_draft_of_what_is_stored_now() -> None:
    editor = editing()
    saved = editor.text
    editor.write('{"name": "greenish"}')
    editor.saved("colour", saved, {"name": "green"})
    assert editor.text == '{"name": "greenish"}'
    assert editor.overwritten("colour", {"name": "green"}) is None


@pytest.mark.parametrize(
    ("data", "contest"),
    [
        ([BLUE], None),
        ([RED], 'It was changed elsewhere while you edited it. Now it is {"name": "red"}.'),
        ([RED, BLUE], None),
        ([RED, None], "It was deleted elsewhere while you edited it."),
    ],
)
def test_a_value_that_changes_under_a_draft_is_told_and_the_draft_stays(
    data: list[JsonObject | None], contest: str | None
) -> None:
    editor = editing()
    for value in data:
        editor.read("colour", value)
    assert editor.contest == contest
    assert editor.text == '{"name": "green"}'


def test_going_back_to_how_it_was_is_still_a_draft_when_it_was_changed_elsewhere() -> None:
    editor = editing()
    editor.read("colour", RED)
    editor.write(BLUE_TEXT)
    assert editor.text == BLUE_TEXT
    assert editor.is_editing, "the text must not change under the person's hands"


@pytest.mark.parametrize(
    ("current", "words"),
    [(BLUE, None), (RED, "Now it is"), (None, "deleted elsewhere"), ({"name": "blue", "x": 1}, "Now it is")],
)
def test_saving_asks_when_another_value_than_the_drafts_beginning_is_stored(
    current: JsonObject | None, words: str | None
) -> None:
    lost = editing().overwritten("colour", current)
    assert (lost is None) if words is None else (lost is not None and words in lost)


def test_a_key_without_a_draft_overwrites_nothing() -> None:
    assert reading().overwritten("colour", RED) is None


def test_a_new_key_begins_with_an_empty_object_and_the_cursor_in_it() -> None:
    editor = reading()
    editor.begin("birthday")
    assert (editor.shown, editor.text, editor.is_editing) == ("birthday", NEW_VALUE, True)
    assert editor.keys == ("birthday", "colour")
    row, column = NEW_VALUE_CURSOR
    assert len(NEW_VALUE.split("\n")[row]) == column
    editor.read("birthday", None)
    assert editor.contest is None
    assert editor.overwritten("birthday", None) is None
    editor.read("birthday", RED)
    assert editor.contest == 'There is a value of that name by now: {"name": "red"}.'


def test_a_new_key_that_is_there_already_is_just_shown() -> None:
    editor = reading("colour", BLUE, "home")
    editor.begin("home")
    assert (editor.shown, editor.is_editing) == ("home", False)


def test_a_key_needs_a_name() -> None:
    with pytest.raises(UnfitValueError):
        StateEditor().begin("")


def test_a_key_that_is_gone_gives_its_place_to_the_next_one() -> None:
    editor = StateEditor()
    editor.listed(("a", "b", "c"))
    editor.choose("b")
    editor.listed(("a", "c"))
    assert editor.shown == "c"
    editor.listed(("a",))
    assert editor.shown == "a"
    editor.listed(())
    assert editor.shown is None


def test_deleting_takes_draft_and_key() -> None:
    editor = reading("colour", BLUE, "home")
    editor.write("draft")
    editor.deleted("colour")
    assert (editor.keys, editor.shown, editor.drafts) == (("home",), "home", {})


def test_dropping_a_new_key_leaves_nothing_of_it_and_of_a_stored_one_the_stored_value() -> None:
    editor = reading()
    editor.begin("birthday")
    editor.discard("birthday")
    assert (editor.keys, editor.shown) == (("colour",), "colour")
    editor.write("draft")
    editor.discard("colour")
    assert (editor.keys, editor.text) == (("colour",), BLUE_TEXT)


def test_a_key_deleted_elsewhere_stays_while_it_is_edited() -> None:
    editor = editing()
    editor.listed(())
    assert (editor.keys, editor.shown, editor.text) == (("colour",), "colour", '{"name": "green"}')


def test_a_value_too_deep_to_show_is_refused_and_nothing_else_changes() -> None:
    deep: JsonObject = {}
    for _ in range(200):
        deep = {"a": deep}
    editor = reading()
    with pytest.raises(UnfitValueError):
        editor.read("colour", deep)
    assert editor.text == BLUE_TEXT


# --- any order --------------------------------------------------------------------------------------------

KEYS = st.sampled_from(["a", "b"])
DATA = st.sampled_from([BLUE, RED, {}])
STEPS = st.one_of(
    st.tuples(st.just("choose"), KEYS),
    st.tuples(st.just("write"), st.sampled_from([BLUE_TEXT, RED_TEXT, "{}", "draft"])),
    st.tuples(st.just("elsewhere"), KEYS, DATA | st.none()),
    st.tuples(st.just("save")),
    st.tuples(st.just("begin"), KEYS),
    st.tuples(st.just("discard"), KEYS),
    st.tuples(st.just("delete"), KEYS),
)


@dataclass
class Play:
    """An editor beside a server, used in any order as the screen uses it."""

    server: dict[str, JsonObject] = field(default_factory=lambda: {"a": BLUE})
    editor: StateEditor = field(default_factory=StateEditor)

    def look(self) -> None:
        self.editor.listed(tuple(sorted(self.server)))
        if self.editor.shown is not None:
            self.editor.read(self.editor.shown, self.server.get(self.editor.shown))

    def save(self) -> None:
        key = self.editor.shown
        if key is None or not self.editor.is_editing or self.editor.text == "draft":
            return
        current, base = self.server.get(key), self.editor.drafts[key].base
        lost = self.editor.overwritten(key, current)
        assert (lost is None) == (current == base), "whatever would be lost unseen is told"
        data: JsonObject = {BLUE_TEXT: BLUE, RED_TEXT: RED}.get(self.editor.text, {})
        self.server[key] = data
        self.editor.saved(key, self.editor.text, data)
        assert not self.editor.is_editing

    def step(self, name: str, *given: object) -> None:
        key = str(given[0]) if given else ""
        match name:
            case "choose" if key in self.editor.keys:
                self.editor.choose(key)
            case "write":
                self.editor.write(key)
            case "elsewhere":
                self.server.pop(key, None)
                if isinstance(given[1], dict):
                    self.server[key] = given[1]
            case "save":
                self.save()
            case "begin":
                self.editor.begin(key)
            case "discard":
                self.editor.discard(key)
            case "delete":
                self.server.pop(key, None)
                self.editor.deleted(key)
            case _:
                pass


@given(st.lists(STEPS, max_size=25))
def test_in_any_order_no_draft_is_lost_and_nothing_is_overwritten_unseen(steps: list[tuple[object, ...]]) -> None:
    play = Play()
    for name, *given_ in steps:
        drafts = {key: draft.text for key, draft in play.editor.drafts.items()}
        play.step(str(name), *given_)
        play.look()
        editor = play.editor
        if name in {"choose", "elsewhere", "begin"}:
            assert {key: editor.drafts[key].text for key in drafts} == drafts, "only the person ends a draft"
        assert editor.shown in editor.keys or editor.shown is None
        assert (editor.shown is None) == (not editor.keys)
        if editor.shown is not None and not editor.is_editing:
            assert editor.text == state_text(play.server[editor.shown])
