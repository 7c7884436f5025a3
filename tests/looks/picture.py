"""Draws the README's picture from the running program: ``python -m tests.looks.picture``."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

import pytest

from tests.journeys.test_app import person, shown

PICTURE = Path(__file__).parent / "ringback.svg"
FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Textual's picture asks the network for a font; a reader's own fixed-width font does as well."""


async def draw(home: Path, patch: pytest.MonkeyPatch) -> str:
    async with person(home, patch, size=(100, 28)) as someone:
        await someone.says("What is 17 * 23?")
        await someone.until(lambda: not someone.tabs[0].conversation.is_working)
        await someone.pilot.press("ctrl+t")
        await someone.says("Change BGM to track 1")
        await someone.answers("a")
        await someone.until(lambda: someone.tabs[1].track is not None)
        await someone.says("What's my location?")
        await someone.until(lambda: shown(someone.tabs[1]) == ["get_location"])
        await someone.pilot.pause(1)
        return someone.app.export_screenshot(title="ringback")


def main() -> None:
    patch = pytest.MonkeyPatch()
    with tempfile.TemporaryDirectory() as folder, patch.context() as patched:
        svg = asyncio.run(draw(Path(folder), patched))
    PICTURE.write_text(FONT_FACE.sub("", svg), encoding="utf-8")


if __name__ == "__main__":
    main()
