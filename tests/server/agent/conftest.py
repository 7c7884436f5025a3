"""A real database in a file, on an engine made as the server makes its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.agent.history import WindowedHistory
from tests.server.agent.stopped_turns import engine_of


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = engine_of(tmp_path / "ringback.db")
    yield engine
    await engine.dispose()


@pytest.fixture
async def history(engine: AsyncEngine) -> WindowedHistory:
    return WindowedHistory(db_engine=engine)
