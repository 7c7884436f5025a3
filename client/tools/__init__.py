"""What this device can do: one file per frontend tool, and the list of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from client.tools import (
    change_bgm,
    copy_to_clipboard,
    get_location,
    list_directory,
    notify,
    open_url,
    read_file,
    run_command,
    write_file,
)
from client.tools.device import DeviceState
from client.tools.look import Look
from shared import catalog
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec


@dataclass(frozen=True, slots=True)
class FrontendTool:
    """A tool of the catalogue and the function that does its work; ``run`` may raise ``ToolFailedError``.

    ``look``, which may raise it too, says beforehand what a call would do; it may block.
    """

    spec: ToolSpec
    run: Callable[[JsonObject, DeviceState], Awaitable[JsonObject]]
    look: Callable[[JsonObject, DeviceState], Look] | None = None


TOOLS: tuple[FrontendTool, ...] = (
    FrontendTool(catalog.change_bgm.SPEC, change_bgm.run),
    FrontendTool(catalog.get_location.SPEC, get_location.run),
    FrontendTool(catalog.read_file.SPEC, read_file.run),
    FrontendTool(catalog.list_directory.SPEC, list_directory.run),
    FrontendTool(catalog.write_file.SPEC, write_file.run, write_file.look),
    FrontendTool(catalog.run_command.SPEC, run_command.run, run_command.look),
    FrontendTool(catalog.open_url.SPEC, open_url.run, open_url.look),
    FrontendTool(catalog.copy_to_clipboard.SPEC, copy_to_clipboard.run),
    FrontendTool(catalog.notify.SPEC, notify.run),
)
