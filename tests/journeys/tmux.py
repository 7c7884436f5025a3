"""A real terminal: tmux runs the program, types into it and reads its screen."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager


class Screen:
    """One tmux session of its own server, so that nobody's tmux is touched."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def tmux(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "tmux", "-L", self.name, *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        output, _ = await process.communicate()
        return output.decode(errors="replace")

    async def press(self, *keys: str) -> None:
        """Keys by tmux's names: ``Enter``, ``C-t``, ``F6`` …"""
        await self.tmux("send-keys", *keys)

    async def type(self, text: str) -> None:
        await self.tmux("send-keys", "-l", text)

    async def text(self) -> str:
        return await self.tmux("capture-pane", "-p")

    async def until(self, true: Callable[[str], bool], what: str, seconds: float = 20.0) -> str:
        """The screen, once ``true`` of it; fails with the screen if it never is."""
        text = ""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    text = await self.text()
                    if true(text):
                        return text
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{what} did not happen within {seconds:g} s. The screen:\n{text}") from None

    async def shows(self, words: str, seconds: float = 20.0) -> str:
        return await self.until(lambda text: words in text, f"{words!r} on the screen", seconds)


@asynccontextmanager
async def screen(
    command: Sequence[str], environment: Mapping[str, str], *, columns: int = 120, rows: int = 40
) -> AsyncIterator[Screen]:
    """``command`` in a terminal of that size; what it prints after its end stays on the screen."""
    shown = Screen(f"ringback-{uuid.uuid4().hex[:8]}")
    words = " ".join(shlex.quote(f"{name}={value}") for name, value in environment.items() if name != "TERM")
    line = f"env -i TERM=tmux-256color {words} {shlex.join(command)}; echo ended with $?; sleep 60"
    await shown.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), line)
    try:
        yield shown
    finally:
        await shown.tmux("kill-server")
