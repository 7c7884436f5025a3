"""``open_url``: what it opens, and what becomes of browsers that are odd."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from client.core.device_presets import device_named
from client.tools import browser, open_url
from client.tools.browser import open_page
from client.tools.device import DeviceState
from client.tools.failure import ToolFailedError
from client.tools.music import MusicPlayer
from tests.client.tab_for_tests import ToolboxForTests


async def test_the_address_is_opened_with_its_host_as_it_travels() -> None:
    box = ToolboxForTests()
    state = DeviceState(device_named("iPhone"), box, MusicPlayer(None), Path("/"))
    result = await open_url.run({"url": "https://b\u00fccher.example/a?b=c#d"}, state)
    assert result == {"success": True, "url": "https://xn--bcher-kva.example/a?b=c#d"}
    assert box.opened == ["https://xn--bcher-kva.example/a?b=c#d"]
    with pytest.raises(ToolFailedError, match="user's name or password"):
        await open_url.run({"url": "https://good.example@evil.example"}, state)
    assert len(box.opened) == 1


def named(folder: Path, name: str, script: str) -> dict[str, str]:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {**os.environ, "BROWSER": f"{path} %s"}


async def test_a_browser_of_the_terminal_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError, match="There is no browser here"):
        await open_page("https://example.org", named(tmp_path, "w3m", f"touch {tmp_path}/begun"))
    assert not (tmp_path / "begun").exists()


async def test_a_browser_that_fails_is_told() -> None:
    with pytest.raises(ToolFailedError, match="could not open"):
        await open_page("https://example.org", {**os.environ, "BROWSER": "/bin/false %s"})


async def test_a_browser_that_stays_is_let_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opener = browser._OPENER.replace(f"join({browser.BEGINNING_SECONDS})", "join(0.3)")
    monkeypatch.setattr(browser, "_OPENER", opener)
    began = time.monotonic()
    await open_page("https://example.org", named(tmp_path, "stays", f"sleep 2; echo still > {tmp_path}/here"))
    assert time.monotonic() - began < 2
    assert not (tmp_path / "here").exists()
