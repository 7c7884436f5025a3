"""Opens a page in the person's browser from a process of its own: no browser holds up the screen, or takes it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping

from client.tools.failure import ToolFailedError

BEGINNING_SECONDS = 5.0
"""A browser that still runs after so long is taken to be open."""
PATIENCE_SECONDS = 15.0
NO_BROWSER = (
    "There is no browser here that opens in a window of its own. "
    "The environment variable BROWSER can name one, such as BROWSER=firefox."
)
TEXT_MODE = ("lynx", "links", "links2", "elinks", "w3m", "www-browser", "browsh", "carbonyl")

_OPENED, _FAILED, _NONE = 0, 1, 3
_OPENER = f"""
import os, sys, threading, webbrowser
try:
    browser = webbrowser.get()
except webbrowser.Error:
    sys.exit({_NONE})
if os.path.basename(str(getattr(browser, "name", "")).split(" ")[0]) in {TEXT_MODE!r}:
    sys.exit({_NONE})
said = []
opening = threading.Thread(target=lambda: said.append(browser.open(sys.argv[1])), daemon=True)
opening.start()
opening.join({BEGINNING_SECONDS})
os._exit({_OPENED} if said == [True] or opening.is_alive() else {_FAILED})
"""
"""It has no terminal: what a browser says or asks there is lost, and the screen stays as it is. One that stays is let
be, and outlives this."""


async def open_page(url: str, environment: Mapping[str, str]) -> None:
    """Open ``url`` in the browser that Python's ``webbrowser`` chooses.

    Raises:
        ToolFailedError: if there is none, or it does not open.
    """
    try:
        opener = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", _OPENER, url,
            env=dict(environment), start_new_session=True, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise ToolFailedError(f"No browser can be begun: {error.strerror or error}.") from error
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            code = await opener.wait()
    except TimeoutError:
        opener.kill()
        await opener.wait()
        raise ToolFailedError("The browser did not begin in time. The page may be open.") from None
    if code == _NONE:
        raise ToolFailedError(NO_BROWSER)
    if code != _OPENED:
        raise ToolFailedError("The browser says that it could not open the page.")
