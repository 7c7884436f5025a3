"""The devices a tab can pretend to be, and how a device gets its id."""

from __future__ import annotations

from dataclasses import replace

from shared.frames import Device

MAX_ID = 128
"""Longest id that a server takes, in characters."""

PRESETS: tuple[Device, ...] = (
    Device("pc", "PC", "pc"),
    Device("iphone", "iPhone", "phone"),
    Device("android", "Android", "phone"),
)


def device_named(label: str) -> Device:
    """The preset of that label whatever its case, or a device of one's own; one label always gives the same device."""
    for preset in PRESETS:
        if preset.label.casefold() == label.casefold():
            return preset
    return Device("-".join(label.casefold().split()), label, "pc")


def announced(device: Device, journal_id: str) -> Device:
    """The device as the server is to know it: the same one for as long as it keeps the same journal of what ran."""
    ending = f"-{journal_id}"
    return replace(device, id=f"{device.id[: MAX_ID - len(ending)]}{ending}")
