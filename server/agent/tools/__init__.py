"""Tools that run in the server, one file each, and the list of them."""

from __future__ import annotations

from server.agent.backend_tool import BackendTool
from server.agent.tools import (
    calculate,
    forget,
    get_current_time,
    get_weather,
    recall,
    remember,
    update_todos,
)

BACKEND_TOOLS: tuple[BackendTool, ...] = tuple(
    BackendTool(tool.SPEC, tool.run)
    for tool in (get_weather, calculate, get_current_time, remember, recall, forget, update_todos)
)
