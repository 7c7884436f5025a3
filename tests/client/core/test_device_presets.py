"""One label is always the same device."""

from __future__ import annotations

from client.core.device_presets import MAX_ID, PRESETS, announced, device_named
from shared.frames import Device


def test_the_presets_are_found_whatever_their_case() -> None:
    assert [device.label for device in PRESETS] == ["PC", "iPhone", "Android"]
    assert device_named("IPHONE") == PRESETS[1]


def test_a_name_of_ones_own_gives_the_same_device_each_time() -> None:
    assert device_named("Living room TV") == Device("living-room-tv", "Living room TV", "pc")
    assert device_named("Living room TV") == device_named("Living room TV")


def test_to_the_server_a_device_is_another_one_with_another_journal_and_is_called_the_same() -> None:
    assert announced(PRESETS[0], "abc") == Device("pc-abc", "PC", "pc")
    assert announced(PRESETS[0], "abc") != announced(PRESETS[0], "abd")


def test_the_longest_label_leaves_room_for_the_journal() -> None:
    journal_id = "f" * 32
    device = announced(device_named("x" * MAX_ID), journal_id)
    assert len(device.id) == MAX_ID
    assert device.id.endswith(f"x-{journal_id}")
