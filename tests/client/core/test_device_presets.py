"""One label is always the same device."""

from __future__ import annotations

from client.core.device_presets import PRESETS, device_named
from shared.frames import Device


def test_the_presets_are_found_whatever_their_case() -> None:
    assert [device.label for device in PRESETS] == ["PC", "iPhone", "Android"]
    assert device_named("IPHONE") == PRESETS[1]


def test_a_name_of_ones_own_gives_the_same_device_each_time() -> None:
    assert device_named("Living room TV") == Device("living-room-tv", "Living room TV", "pc")
    assert device_named("Living room TV") == device_named("Living room TV")
