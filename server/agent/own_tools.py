"""Finds the tools that people wrote themselves, by the names that the settings give."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Collection, Sequence

from server.agent.own_tool import OwnTool
from server.async_tool import AsyncBaseTool
from server.context import Workers
from shared.errors import UsageError

logger = logging.getLogger(__name__)

OF_ADK = "adk_"
"""Names that begin so are ADK's own: it takes calls of them for something else."""


def load_own_tools(paths: Sequence[str], workers: Workers, taken: Collection[str]) -> tuple[OwnTool, ...]:
    """One tool for each ``module:Class``; ``taken`` are the names that they cannot have.

    Raises:
        UsageError: if one cannot be used; the sentence says which and why.
    """
    tools: list[OwnTool] = []
    for path in paths:
        tool = _tool(path, workers)
        others = {*taken, *(other.name for other in tools)}
        if tool.name in others or tool.name.startswith(OF_ADK):
            raise UsageError(f"The tool {path}: the name {tool.name} is taken. Give it another tool_name.")
        tools.append(tool)
    return tuple(tools)


def _tool(path: str, workers: Workers) -> OwnTool:
    found = _class(path)
    if not (isinstance(found, type) and issubclass(found, AsyncBaseTool)):
        raise UsageError(f"The tool {path} is not derived from server.async_tool.AsyncBaseTool.")
    try:
        return OwnTool(found, workers)
    except Exception as error:
        # Whatever a stranger's class does when it is asked for its schema.
        raise UsageError(f"The tool {path} cannot be used: {error}") from error


def _class(path: str) -> object:
    module, _, name = path.partition(":")
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The tool {path}: there is no module {error.name}. Is it installed, or on PYTHONPATH?"
        ) from error
    except (Exception, SystemExit) as error:
        # Whatever a stranger's module does; a script may well end itself.
        logger.exception("the module %s of a tool failed", module)
        raise UsageError(
            f"The tool {path} cannot be loaded: {type(error).__name__}: {error}. The log says where."
        ) from error
    try:
        return getattr(loaded, name)
    except AttributeError:
        raise UsageError(f"The tool {path}: the module {module} has no {name}.") from None
