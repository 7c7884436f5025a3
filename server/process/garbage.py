"""When the garbage collector looks through all there is: while no turn runs, or seldom.

Left to itself it does so amid the turns: with a hundred busy tabs it then looks at 165,000 objects, finds a few hundred
to collect, and stalls everybody for 140 ms (measured on Python 3.11).
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

LOOK_EVERY = 0.25
"""How often it is looked whether there is time for it, in seconds."""
AT_MOST = 200
"""After how many collections of the middle generation it cannot wait any longer: what is left lying takes memory."""
NEVER = 2**31 - 1
AT_LEAST_EVERY = 300.0
"""How long a server that is never quiet may go without, in seconds."""


def keep_what_is_loaded() -> None:
    """Clear up once; what is left is what was loaded, which stays, and is looked at no more."""
    gc.collect()
    gc.freeze()


async def collect_when_quiet(is_quiet: Callable[[], bool]) -> None:
    """Take over from Python when everything is collected, until cancelled; the young it collects as ever."""
    before = gc.get_threshold()
    clock = asyncio.get_running_loop().time
    collected_at = clock()
    gc.set_threshold(*before[:2], NEVER)
    try:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            since = gc.get_count()[2]
            is_late = since > AT_MOST or clock() - collected_at >= AT_LEAST_EVERY
            # As many collections of the middle generation as Python itself would wait for.
            if since > before[2] and (is_late or is_quiet()):
                gc.collect()
                collected_at = clock()
    finally:
        gc.set_threshold(*before)
