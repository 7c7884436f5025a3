"""Loads the wire protocol when it is first needed, in a thread: it takes longer to import than the screen to paint."""

from __future__ import annotations

import asyncio
import importlib
from typing import cast

from client.link.wire import OpenWire

WIRE_MODULE = "client.link.acp"


async def load_wire() -> OpenWire:
    """What opens sessions over ACP; after the first time, this costs nothing."""
    module = await asyncio.to_thread(importlib.import_module, WIRE_MODULE)
    return cast("OpenWire", module.open_wire)
