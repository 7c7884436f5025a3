"""Which device the new tab is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import ClassVar

from textual.binding import Binding, BindingType

from client.screens.line_picker import LinePicker
from shared.frames import Device


class DevicePicker(LinePicker):
    """Ends with the index of the chosen device, or ``None``. The key that opens it closes it, too."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["line_picker.tcss", "device_picker.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f3", "cancel", "Close", show=False)]

    def __init__(self, devices: Sequence[Device]) -> None:
        lines = [(device.label, device.kind) for device in devices]
        super().__init__("New tab as", "Tools of this tab run as this device.", lines)
