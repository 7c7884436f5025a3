"""Loads the screens that open over the main one when they are first wanted: none of them is part of the first paint."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.signal import Signal

    from client.core.tab_details import TabDetails
    from client.ports import PersonalData
    from client.screens.confirm import ConfirmScreen
    from client.screens.details import DetailsScreen
    from client.screens.device_picker import DevicePicker
    from client.screens.help import HelpScreen
    from client.screens.help_groups import HelpGroup
    from client.screens.metrics import MetricsScreen
    from client.screens.state import StateScreen
    from shared.frames import Device
    from shared.news import StateChanged


def confirm_screen(question: str, losses: tuple[str, ...], yes: str, no: str) -> ConfirmScreen:
    """A yes-or-no question that names what would be lost."""
    kind: type[ConfirmScreen] = import_module("client.screens.confirm").ConfirmScreen
    return kind(question, losses, yes, no)


def details_screen(details: TabDetails) -> DetailsScreen:
    """What there is to know of a tab."""
    kind: type[DetailsScreen] = import_module("client.screens.details").DetailsScreen
    return kind(details)


def device_picker(devices: tuple[Device, ...]) -> DevicePicker:
    """Which device the new tab is."""
    kind: type[DevicePicker] = import_module("client.screens.device_picker").DevicePicker
    return kind(devices)


def help_screen(groups: Iterable[HelpGroup]) -> HelpScreen:
    """Every key and command."""
    kind: type[HelpScreen] = import_module("client.screens.help").HelpScreen
    return kind(groups)


def metrics_screen(personal: PersonalData) -> MetricsScreen:
    """The server's counters."""
    kind: type[MetricsScreen] = import_module("client.screens.metrics").MetricsScreen
    return kind(personal)


def state_screen(personal: PersonalData, changed: Signal[StateChanged]) -> StateScreen:
    """The person's shared state; ``changed`` tells when another tab changed it."""
    kind: type[StateScreen] = import_module("client.screens.state").StateScreen
    return kind(personal, changed)
