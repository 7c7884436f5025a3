"""Loads the screens that open over the main one when they are first wanted: none of them is part of the first paint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.signal import Signal

    from client.core.tab_details import TabDetails
    from client.ports import PersonalData
    from client.screens.confirm import ConfirmScreen
    from client.screens.details import DetailsScreen
    from client.screens.device_picker import DevicePicker
    from client.screens.grants import GrantsScreen
    from client.screens.handoff_code import HandoffCodeScreen
    from client.screens.help import HelpScreen
    from client.screens.help_groups import HelpGroup
    from client.screens.line_picker import LinePicker
    from client.screens.metrics import MetricsScreen
    from client.screens.quit import QuitScreen
    from client.screens.reason import ReasonScreen
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


def grants_screen(personal: PersonalData) -> GrantsScreen:
    """What runs without asking."""
    kind: type[GrantsScreen] = import_module("client.screens.grants").GrantsScreen
    return kind(personal)


def handoff_code_screen(code: str, seconds: float) -> HandoffCodeScreen:
    """The code that takes a conversation to another machine."""
    kind: type[HandoffCodeScreen] = import_module("client.screens.handoff_code").HandoffCodeScreen
    return kind(code, seconds)


def help_screen(groups: Iterable[HelpGroup]) -> HelpScreen:
    """Every key and command."""
    kind: type[HelpScreen] = import_module("client.screens.help").HelpScreen
    return kind(groups)


def line_picker(title: str, about: str, lines: Sequence[tuple[str, str]]) -> LinePicker:
    """A short list of names, each with a word about it."""
    kind: type[LinePicker] = import_module("client.screens.line_picker").LinePicker
    return kind(title, about, lines)


def metrics_screen(personal: PersonalData) -> MetricsScreen:
    """The server's counters."""
    kind: type[MetricsScreen] = import_module("client.screens.metrics").MetricsScreen
    return kind(personal)


def quit_screen(under_way: tuple[str, ...]) -> QuitScreen:
    """Whether what is under way goes on or is stopped."""
    kind: type[QuitScreen] = import_module("client.screens.quit").QuitScreen
    return kind(under_way)


def reason_screen(tool: str) -> ReasonScreen:
    """Why a call is rejected."""
    kind: type[ReasonScreen] = import_module("client.screens.reason").ReasonScreen
    return kind(tool)


def state_screen(personal: PersonalData, changed: Signal[StateChanged]) -> StateScreen:
    """The person's shared state; ``changed`` tells when another tab changed it."""
    kind: type[StateScreen] = import_module("client.screens.state").StateScreen
    return kind(personal, changed)
