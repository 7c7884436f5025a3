"""One nursery for all tests of a worker."""

from __future__ import annotations

import pytest

from tests.faults.nursery import Nursery, the_nursery


@pytest.fixture(scope="session")
def nursery() -> Nursery:
    """Servers in a fraction of a second."""
    return the_nursery()
