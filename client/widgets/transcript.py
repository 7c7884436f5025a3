"""The scrolling transcript of one tab: an entry's widget is mounted when it can be seen, and old ones are let go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import assert_never

from textual import events
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget

from client.core.transcript_entries import (
    Added,
    Answer,
    Change,
    Changed,
    Entry,
    Extended,
    Note,
    Said,
    Thought,
    ToolCard,
)
from client.widgets.answer_loader import answer_widget, load_live_answer
from client.widgets.earlier_line import EarlierLine
from client.widgets.entry_view import EntryView
from client.widgets.first_hint import FirstHint
from client.widgets.note_view import NoteView
from client.widgets.said_view import SaidView
from client.widgets.thought_view import ThoughtView
from client.widgets.tool_card import ToolCardView

MOST_VIEWS = 160
"""More widgets than this are cut back to :data:`KEPT_VIEWS`; the rest come back on scrolling up."""
KEPT_VIEWS = 100
PAGE = 50


class Transcript(VerticalScroll):
    """Shows ``entries``, which its owner changes and tells about with :meth:`apply`.

    While ``is_shown`` is false nothing is mounted or drawn; what changed meanwhile is caught up by :meth:`reveal`.
    """

    class Typed(Message):
        """A printable key was pressed here: it belongs to the draft."""

        def __init__(self, character: str) -> None:
            super().__init__()
            self.character = character

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        super().__init__()
        self._entries = entries
        self._views: dict[str, Widget] = {}
        self._first = 0
        self._stale: set[str] = set()
        self._earlier = EarlierLine()
        self._hint = FirstHint()
        self.is_shown = False

    def on_mount(self) -> None:
        """Stay at the end until the person scrolls."""
        self._earlier.display = False
        self.mount_all([self._earlier, self._hint])
        self.anchor()

    def apply(self, changes: Iterable[Change]) -> None:
        """Show what changed."""
        for change in changes:
            if not self.is_shown:
                self._stale.add(change.key if isinstance(change, Extended) else change.entry.key)
                continue
            match change:
                case Added(entry, before):
                    self._mount_view(entry, self._views.get(before) if before is not None else None)
                case Changed(entry):
                    self._change(entry)
                case Extended(key, text):
                    self._extend(key, text)
                case _:
                    assert_never(change)
        self._let_go()

    def reveal(self) -> None:
        """The tab is in front: catch up with what changed while it was not."""
        self.is_shown = True
        stale, self._stale = self._stale, set()
        self._first = max(self._first, len(self._entries) - KEPT_VIEWS) if not self._views else self._first
        following: Widget | None = None
        for entry in reversed(list(islice(self._entries.values(), self._first, None))):
            view = self._views.get(entry.key)
            if view is None:
                view = self._mount_view(entry, following)
            elif entry.key in stale:
                view = self._change(entry)
            following = view
        self._let_go()

    def toggle_cards(self) -> None:
        """Open all tool cards, or close them if one is open."""
        cards = [view for view in self._views.values() if isinstance(view, ToolCardView)]
        is_open = not any(card.is_open for card in cards)
        for card in cards:
            card.is_open = is_open

    def on_key(self, event: events.Key) -> None:
        """Typing here is typing the draft."""
        if event.is_printable and event.character is not None and event.key != "space":
            event.stop()
            self.post_message(self.Typed(event.character))

    def on_earlier_line_wanted(self, event: EarlierLine.Wanted) -> None:
        """Show a page of older entries."""
        event.stop()
        self._show_earlier()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Older entries come back at the top."""
        super().watch_scroll_y(old_value, new_value)
        if new_value == 0 and old_value > 0 and self._first:
            self._show_earlier()

    # --- views --------------------------------------------------------------------------------------------

    def _mount_view(self, entry: Entry, before: Widget | None) -> Widget:
        view = _view_of(entry)
        self._views[entry.key] = view
        self._hint.display = False
        if before is None:
            self.mount(view)
        else:
            self.mount(view, before=before)
        return view

    def _change(self, entry: Entry) -> Widget | None:
        view = self._views.get(entry.key)
        if isinstance(view, EntryView):
            view.show(entry)
        elif view is not None and isinstance(entry, Answer):
            return self._replace(view, entry)
        return view

    def _replace(self, live: Widget, entry: Answer) -> Widget:
        view = _view_of(entry)
        self._views[entry.key] = view
        self.call_later(self._swap, live, view)
        return view

    async def _swap(self, old: Widget, new: Widget) -> None:
        if not old.is_attached:
            return
        with self.app.batch_update():
            await self.mount(new, before=old)
            await old.remove()

    def _extend(self, key: str, text: str) -> None:
        view, entry = self._views.get(key), self._entries[key]
        if isinstance(view, ThoughtView) and isinstance(entry, Thought):
            view.show(entry)
        elif isinstance(view, load_live_answer()):
            view.extend(text)

    def _let_go(self) -> None:
        if len(self._views) <= MOST_VIEWS or not self.is_vertical_scroll_end:
            return
        gone = list(islice(self._entries, self._first, len(self._entries) - KEPT_VIEWS))
        self._first = len(self._entries) - KEPT_VIEWS
        for key in gone:
            if (view := self._views.pop(key, None)) is not None:
                view.remove()
        self._show_count()

    def _show_earlier(self) -> None:
        page = list(islice(self._entries.values(), max(0, self._first - PAGE), self._first))
        self._first -= len(page)
        height = self.virtual_size.height
        views = [_view_of(entry) for entry in page]
        self._views = {**{entry.key: view for entry, view in zip(page, views, strict=True)}, **self._views}
        self.mount_all(views, after=self._earlier)
        self._show_count()
        self.call_after_refresh(
            lambda: self.scroll_to(y=self.scroll_y + self.virtual_size.height - height, animate=False, immediate=True)
        )

    def _show_count(self) -> None:
        self._earlier.display = self._first > 0
        self._earlier.count = self._first


def _view_of(entry: Entry) -> Widget:
    match entry:
        case Said():
            return SaidView(entry)
        case Answer():
            return answer_widget(entry)
        case Thought():
            return ThoughtView(entry)
        case ToolCard():
            return ToolCardView(entry)
        case Note():
            return NoteView(entry)
        case _:
            assert_never(entry)
