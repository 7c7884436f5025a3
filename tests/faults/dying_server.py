"""The real server's ``main`` with faults put in from outside: it kills itself at a point, or its wall clock jumps.

``FAULTS`` in the environment is JSON: ``{"point": "before_commit", "nth": 7}`` (the points are below), ``{"after":
0.2}`` for so many seconds after the start, ``{"statement": 7}`` before the 7th statement to the database, ``{"clock":
FILE}`` for a wall clock that is off by the seconds that the file says, ``{"plant": NAME}`` for a bug of
``tests.plants.faulty``, ``{"stalls": FILE}`` to have the event loop's longest stall written there, ``{"allocated":
FILE}`` to have written there, at ``SIGUSR1``, how much memory is in use. Start it with ``python -m``, or fork it from
the nursery.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import Engine, event

from server import recovery
from server.__main__ import main
from server.agent.history import WindowedHistory
from server.gateway.transport import WebSocketTransport
from server.process import event_loop
from server.storage.ledger import SqlLedger
from tests.plants import faulty

Work = Callable[..., Awaitable[Any]]

POINTS: dict[str, tuple[type, str]] = {
    "commit": (SqlLedger, "_write"),
    "event": (WindowedHistory, "append_event"),
    "frame": (WebSocketTransport, "_put"),
}
"""What a server does that outlives it, by the name of the points ``before_…`` and ``after_…``."""


def die() -> NoReturn:
    """As ``kill -9``."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("killed")


def die_at(point: str, nth: int) -> None:
    """Be killed before or after the ``nth`` time that the server does this."""
    when, _, what = point.partition("_")
    owner, name = POINTS[what]
    honest: Work = getattr(owner, name)
    count = 0

    async def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        is_last = count == nth
        if is_last and when == "before":
            die()
        result = await honest(*args, **kwargs)
        if is_last and when == "after":
            die()
        return result

    setattr(owner, name, counted)


def die_after(seconds: float) -> None:
    """Be killed in so many seconds, whatever goes on then."""
    timer = threading.Timer(seconds, die)
    timer.daemon = True
    timer.start()


def die_before_statement(nth: int) -> None:
    """Be killed before the ``nth`` statement to the database."""
    count = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def counted(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == nth:
            die()


def set_clock(file: Path) -> None:
    """Let the wall clock be off by what ``file`` says, read again at every look at it.

    It is looked often whether a question is past its time.
    """
    honest = time.time

    def off() -> float:
        try:
            return float(file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0.0

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.fromtimestamp(honest() + off(), tz)

    vars(recovery)["LOOK_EVERY"] = 0.1
    time.time = lambda: honest() + off()
    for name, module in list(sys.modules.items()):
        if name.startswith(("server.", "google.adk.")) and getattr(module, "datetime", None) is datetime:
            module.datetime = Jumping  # type: ignore[attr-defined]


def watch_stalls(file: Path) -> None:
    """Have the longest time for which the event loop came to nothing written to ``file``, in milliseconds."""
    honest = event_loop.run

    async def watch() -> None:
        await asyncio.sleep(0.01)
        longest = 0.0
        while True:
            if file.with_suffix(".begin").exists():
                file.with_suffix(".begin").unlink()
                longest = 0.0
                file.write_text("0", encoding="ascii")
            begun = time.perf_counter()
            await asyncio.sleep(0.002)
            late = (time.perf_counter() - begun - 0.002) * 1000
            if late > longest:
                longest = late
                file.write_text(f"{longest:.1f}", encoding="ascii")

    async def watched(work: Any) -> None:
        watching = asyncio.create_task(watch())
        await work
        watching.cancel()

    vars(event_loop)["run"] = lambda work: honest(watched(work))


def tell_allocated(file: Path) -> None:
    """At ``SIGUSR1``, write what is in use after a full collection: ``{"blocks": count, "bytes": bytes}``.

    Blocks are Python's own small ones, bytes those of the C library's ``malloc``, with SQLite's and every larger object
    in them. What both keep for later is in neither, so unlike the resident memory they stand still where nothing leaks.
    """

    def tell(*_: object) -> None:
        gc.collect()
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps({"blocks": sys.getallocatedblocks(), "bytes": _malloced()}), encoding="ascii")
        fresh.replace(file)

    signal.signal(signal.SIGUSR1, tell)


class _MallInfo(ctypes.Structure):
    # glibc's struct mallinfo2, in its order.
    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in [
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        ]
    )


def _malloced() -> int:
    library = ctypes.CDLL(None)
    try:
        library.mallinfo2.restype = _MallInfo
    except AttributeError:
        # Another C library: Python's own blocks must do.
        return 0
    info = library.mallinfo2()
    return int(info.uordblks + info.hblkhd)


def put_in(faults: dict[str, Any]) -> None:
    """Put the faults in; nothing in the product knows of them."""
    if "plant" in faults:
        faulty.PLANTS[faults["plant"]]()
    if "point" in faults:
        die_at(faults["point"], faults["nth"])
    if "after" in faults:
        die_after(faults["after"])
    if "statement" in faults:
        die_before_statement(faults["statement"])
    if "clock" in faults:
        set_clock(Path(faults["clock"]))
    if "stalls" in faults:
        watch_stalls(Path(faults["stalls"]))
    if "allocated" in faults:
        tell_allocated(Path(faults["allocated"]))


def module_with(plant: str | None) -> str:
    """What to start with ``python -m`` for a server that has the bug, or for the real one."""
    return "server" if plant is None else __name__


def faults_with(plant: str | None) -> dict[str, str]:
    """What such a server needs in its environment."""
    return {} if plant is None else {"FAULTS": json.dumps({"plant": plant})}


def run() -> NoReturn:
    """Run the server with the faults that the environment names."""
    put_in(json.loads(os.environ.pop("FAULTS", "{}")))
    main()


if __name__ == "__main__":
    run()
