"""Finds the tools that people wrote themselves, by the names that the settings give."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Collection, Sequence

from server.async_tool import AsyncBaseTool, spec_of
from shared.errors import UsageError
from shared.tool_spec import OF_ADK

logger = logging.getLogger(__name__)


def load_own_tools(paths: Sequence[str], taken: Collection[str]) -> dict[str, type[AsyncBaseTool]]:
    """One tool for each ``module:Class``, by its name and in this order; ``taken`` are names that they cannot have.

    Raises:
        UsageError: if one cannot be used; the sentence says which and why.
    """
    tools: dict[str, type[AsyncBaseTool]] = {}
    for path in paths:
        tool = _tool(path)
        name = _name(path, tool)
        if name in taken or name in tools or name.startswith(OF_ADK):
            raise UsageError(f"The tool {path}: the name {name} is taken. Give it another tool_name.")
        tools[name] = tool
    return tools


def _tool(path: str) -> type[AsyncBaseTool]:
    found = _class(path)
    if not (isinstance(found, type) and issubclass(found, AsyncBaseTool)):
        raise UsageError(f"The tool {path} is not derived from server.async_tool.AsyncBaseTool.")
    return found


def _name(path: str, tool: type[AsyncBaseTool]) -> str:
    try:
        return spec_of(tool).name
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
