"""What the client's tests share: logging put back as it was."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def logging_put_back() -> Iterator[None]:
    """For tests of what changes where this process logs to."""
    root, client = logging.getLogger(), logging.getLogger("client")
    handlers, levels = list(root.handlers), (root.level, client.level)
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers = handlers
    root.setLevel(levels[0])
    client.setLevel(levels[1])
