"""Which device the new tab is."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from client.core.visible_text import visible
from shared.frames import Device


class DevicePicker(ModalScreen[Device | None]):
    """Ends with the chosen device, or ``None``."""

    CSS_PATH = "device_picker.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f3", "cancel", "Close"),
        *(Binding(str(number), f"choose({number - 1})", show=False) for number in range(1, 10)),
    ]

    def __init__(self, devices: tuple[Device, ...]) -> None:
        super().__init__()
        self._devices = devices

    def compose(self) -> ComposeResult:
        """The devices, numbered."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "New tab as"
            dialog.border_subtitle = "Enter or number · Esc"
            yield Static("Tools of this tab run as this device.", classes="about", markup=False)
            yield OptionList(*(Option(_line(number, device)) for number, device in enumerate(self._devices, 1)))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        event.stop()
        self.dismiss(self._devices[event.option_index])

    def action_choose(self, index: int) -> None:
        """A number."""
        if index < len(self._devices):
            self.dismiss(self._devices[index])

    def action_cancel(self) -> None:
        """No new tab."""
        self.dismiss(None)


def _line(number: int, device: Device) -> Content:
    return Content.assemble(
        (f"{number} ", "bold"),
        visible(device.label, keep=""),
        f"  {visible(device.kind, keep='')}",
    )
