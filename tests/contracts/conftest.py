"""Every contract runs against every database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.contracts.databases import KINDS, database, skip_without_postgresql


@pytest.fixture(params=KINDS)
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An engine on an empty database with our tables, of each kind."""
    skip_without_postgresql(request.param)
    async with database(request.param, tmp_path) as made:
        yield made
