"""The scrolling transcript of one tab: an entry's widget is mounted when it can be seen, and old ones are let go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import assert_never

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from client.core.transcript_entries import (
    Added,
    Answer,
    Change,
    Changed,
    Entry,
    Extended,
    Note,
    Removed,
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
from client.widgets.scroll_place import ScrollPlace
from client.widgets.thought_view import ThoughtView
from client.widgets.tool_card import ToolCardView

MOST_VIEWS = 160
"""More widgets than this are cut back to :data:`KEPT_VIEWS`; the rest come back on scrolling up."""
KEPT_VIEWS = 100
PAGE = 50
CATCH_UP_SECONDS = 0.03
"""How long changes are collected before they are shown: three hundredths of a second are not seen."""


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
        self._timer: Timer | None = None
        self._earlier = EarlierLine()
        self._hint = FirstHint()
        self.place = ScrollPlace(self, lambda: self.is_up_to_date)
        self.is_shown = False

    def compose(self) -> ComposeResult:
        """The two that are there before any entry."""
        self._earlier.display = False
        yield self._earlier
        yield self._hint

    def on_mount(self) -> None:
        """Stay at the end until the person scrolls."""
        self.anchor()

    @property
    def is_up_to_date(self) -> bool:
        """Whether everything that changed is shown."""
        return not self._stale and self._timer is None

    def apply(self, changes: Iterable[Change]) -> None:
        """Show what changed, together with what changes in the next moment."""
        for change in changes:
            match change:
                case Added(entry) | Changed(entry):
                    self._stale.add(entry.key)
                case Extended(key, text):
                    self._extend(key, text)
                case Removed(key):
                    self._remove(key)
                case _:
                    assert_never(change)
        if self.is_shown and self._stale and self._timer is None:
            self._timer = self.set_timer(CATCH_UP_SECONDS, self._catch_up)

    def hide(self) -> None:
        """Another tab comes to the front."""
        self.place.hide()
        self.is_shown = False

    def reveal(self) -> None:
        """The tab is in front: catch up with what changed while it was not."""
        self.is_shown = True
        self._catch_up()
        self.place.show()

    def _catch_up(self) -> None:
        self._timer = None
        if not self.is_shown:
            return
        self._let_go()
        stale, self._stale = self._stale, set()
        following: Widget | None = None
        for entry in reversed(list(islice(self._entries.values(), self._first, None))):
            view = self._views.get(entry.key)
            if view is None:
                view = self._mount_view(entry, following)
            elif entry.key in stale:
                view = self._change(view, entry)
            following = view

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

    def _change(self, view: Widget, entry: Entry) -> Widget:
        if isinstance(view, EntryView):
            view.show(entry)
        elif isinstance(entry, Answer):  # finished, or grown while the tab was hidden
            self._views[entry.key] = _view_of(entry)
            self.call_later(self._swap, view, entry.key)
        return view

    async def _swap(self, live: Widget, key: str) -> None:
        finished = self._views.get(key)
        with self.app.batch_update():
            if finished is not None and live.is_attached:
                await self.mount(finished, before=live)
            await live.remove()

    def _extend(self, key: str, text: str) -> None:
        view = self._views.get(key)
        if self.is_shown and view is not None and isinstance(view, load_live_answer()):
            view.extend(text)
        else:
            self._stale.add(key)

    def _remove(self, key: str) -> None:
        self._stale.discard(key)
        view = self._views.pop(key, None)
        if view is not None:
            view.remove()
        # The views that are let go are the first ones: there cannot be more of them than entries.
        self._first = min(self._first, max(0, len(self._entries) - len(self._views)))
        self._show_count()

    def _let_go(self) -> None:
        if len(self._entries) - self._first <= MOST_VIEWS or not self.is_vertical_scroll_end:
            return
        first, self._first = self._first, len(self._entries) - KEPT_VIEWS
        for key in islice(self._entries, first, self._first):
            view = self._views.pop(key, None)
            if view is not None and view.is_attached:
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
