"""Tools that run in the server, one file each, and the list of them."""

from __future__ import annotations

from server.agent.backend_tool import BackendTool
from server.agent.tools import calculate, get_current_time, get_weather

BACKEND_TOOLS: tuple[BackendTool, ...] = (
    BackendTool(get_weather.SPEC, get_weather.run),
    BackendTool(calculate.SPEC, calculate.run),
    BackendTool(get_current_time.SPEC, get_current_time.run),
)
