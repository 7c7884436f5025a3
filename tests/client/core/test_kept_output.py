"""What is kept of a flood: a bounded part, with both ends."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from client.core.kept_output import LARGEST_ESCAPE, KeptOutput


@given(st.lists(st.binary(max_size=300), max_size=30), st.integers(8, 200))
def test_never_more_than_its_bound_is_held_and_both_ends_are_there(pieces: list[bytes], most: int) -> None:
    kept = KeptOutput(most)
    for piece in pieces:
        kept.add(piece)
        assert kept.held <= 2 * most
    whole, text = b"".join(pieces), kept.text()
    if not kept.is_cut:
        assert text == whole.decode("utf-8", "replace")
    else:
        assert "bytes left out" in text
    assert len(json.dumps(text, ensure_ascii=False).encode()) <= most * LARGEST_ESCAPE + 60


def test_no_character_is_cut_in_two() -> None:
    kept = KeptOutput(100)
    kept.add("€".encode() * 1_000)
    assert set(kept.text()) <= set("€\n… 0123456789,bytesleftout")


def test_a_flood_of_escapes_fits_into_a_frame() -> None:
    kept = KeptOutput(256 * 1024)
    for _ in range(100):
        kept.add(b"\x1b" * 65_536)
    assert len(json.dumps(kept.text(), ensure_ascii=False)) < 900_000
    assert kept.is_cut
    assert kept.text()[:3] == kept.text()[-3:] == "\x1b\x1b\x1b"
