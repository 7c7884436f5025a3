"""The devices a tab can pretend to be, and how a device gets its id."""

from __future__ import annotations

from shared.frames import Device

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
