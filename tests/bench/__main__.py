"""Run the benchmarks named on the command line, or all: ``python -m tests.bench [NAME …]``."""

from __future__ import annotations

import sys
import warnings

from tests.bench import confirmation, context, door, memory, start, state, stream, turns
from tests.bench.table import machine

BENCHES = {
    "start": start.main,
    "turns": turns.main,
    "stream": stream.main,
    "memory": memory.main,
    "context": context.main,
    "state": state.main,
    "confirmation": confirmation.main,
    "door": door.main,
}


def main() -> int:
    """Print the machine and a table for each benchmark; 2 for a name that is none."""
    warnings.filterwarnings("ignore", category=UserWarning, module="google")
    names = sys.argv[1:] or list(BENCHES)
    if unknown := [name for name in names if name not in BENCHES]:
        print(f"There is no benchmark {unknown[0]!r}. There are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    print(machine())
    for name in names:
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
