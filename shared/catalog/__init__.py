"""The tools of the person's side, one file each, and the list of them."""

from __future__ import annotations

from shared.catalog import (
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
from shared.tool_spec import ToolSpec

FRONTEND_TOOLS: tuple[ToolSpec, ...] = (
    change_bgm.SPEC,
    get_location.SPEC,
    read_file.SPEC,
    list_directory.SPEC,
    write_file.SPEC,
    run_command.SPEC,
    open_url.SPEC,
    copy_to_clipboard.SPEC,
    notify.SPEC,
)
