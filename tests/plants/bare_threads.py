"""A planted bug: tools run in threads that do not get the context of their turn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from server.__main__ import main
from server.context import ContextThreadPool

if __name__ == "__main__":
    ContextThreadPool.submit = ThreadPoolExecutor.submit  # type: ignore[method-assign]
    main()
