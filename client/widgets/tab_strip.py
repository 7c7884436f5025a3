"""The row of tab labels at the top: number, mark, title, device; a click chooses one."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import HorizontalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from client.core.tab_mark import Mark

_STYLES: dict[Mark, str] = {
    Mark.APPROVAL: "bold $warning",
    Mark.ERROR: "bold $error",
    Mark.NOT_CONNECTED: "$warning",
    Mark.WORKING: "$primary",
    Mark.UNREAD: "$accent",
    Mark.QUIET: "",
}
_MIDDLE_BUTTON = 2


@dataclass(frozen=True, slots=True)
class TabLabelText:
    """What one label says; ``sign`` is the mark's character as drawn now."""

    number: int
    title: str
    device: str
    mark: Mark
    sign: str
    is_front: bool


class TabLabel(Static):
    """One label."""

    def __init__(self, label: TabLabelText) -> None:
        super().__init__(_content(label), markup=False)
        self.label = label
        self._mark()

    def show(self, label: TabLabelText) -> None:
        """Say this from now on."""
        self.label = label
        self._mark()
        self.update(_content(label))

    def _mark(self) -> None:
        self.set_class(self.label.is_front, "-front")
        self.set_class(self.label.mark is Mark.APPROVAL, "-waiting")


def _content(label: TabLabelText) -> Content:
    return Content.assemble(
        (str(label.number), "bold"),
        " ",
        (label.sign, _STYLES[label.mark]),
        f" {label.title}",
        (f" · {label.device}", "" if label.is_front else "$foreground-muted"),
    )


class TabStrip(HorizontalScroll, can_focus=False):
    """Posts what the mouse does to it."""

    class Chosen(Message):
        """The label at ``index`` was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    class CloseWanted(Chosen):
        """The label at ``index`` was clicked with the middle button."""

    class NewWanted(Message):
        """The plus was clicked."""

    def __init__(self, labels: list[TabLabelText]) -> None:
        super().__init__()
        self._first_labels = labels

    def compose(self) -> ComposeResult:
        """The first labels, and the plus."""
        yield from (TabLabel(label) for label in self._first_labels)
        yield Static(" + ", id="tab-plus", markup=False)

    def show(self, labels: list[TabLabelText]) -> None:
        """Show these labels, left to right, the front one in view."""
        shown = list(self.query(TabLabel))
        for widget, label in zip(shown, labels, strict=False):
            if widget.label != label:
                widget.show(label)
        for extra in shown[len(labels) :]:
            extra.remove()
        new = [TabLabel(label) for label in labels[len(shown) :]]
        if new:
            self.mount_all(new, before="#tab-plus")
        front = next((widget for widget in [*shown, *new] if widget.label.is_front), None)
        if front is not None:
            self.call_after_refresh(self.scroll_to_widget, front, animate=False)

    def on_click(self, event: events.Click) -> None:
        """Find out what was clicked."""
        event.stop()
        labels = list(self.query(TabLabel))
        if isinstance(event.widget, TabLabel) and event.widget in labels:
            index = labels.index(event.widget)
            self.post_message(self.CloseWanted(index) if event.button == _MIDDLE_BUTTON else self.Chosen(index))
        elif event.widget is not None and event.widget.id == "tab-plus":
            self.post_message(self.NewWanted())
