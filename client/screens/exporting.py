"""What the desk does to export a conversation: the front tab's, into a file, and a line that says which."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path

from client.core.export_text import as_json, as_markdown
from client.core.transcript_entries import Entry, Tone
from client.export_file import write_export
from client.widgets.chat_tab import ChatTab
from client.widgets.chat_tabs import ChatTabs
from shared.errors import ExportError

NO_FOLDER = "There is no folder here to export to."
_FORMS: dict[str, Callable[[str, Iterable[Entry]], str]] = {".md": as_markdown, ".json": as_json}


class Exporting:
    """The part of the desk that exports. ``exports`` is the folder for it; ``None`` in a program that has none."""

    exports: Path | None = None
    _tabs: ChatTabs

    def export(self, name: str) -> None:
        """Write the front tab's conversation into a file called so, or after the tab if ``name`` is empty."""
        self._work(self._export(self._tabs.front, name))

    @abstractmethod
    def _work(self, work: Coroutine[None, None, None]) -> None:
        """Do it beside all else."""

    async def _export(self, chat: ChatTab, name: str) -> None:
        ending = next((ending for ending in _FORMS if name.lower().endswith(ending)), "")
        title = name[: len(name) - len(ending)] or chat.title or ""
        ending = ending or ".md"
        text = _FORMS[ending](title or "Conversation", tuple(chat.conversation.entries.values()))
        if self.exports is None:
            chat.remark(NO_FOLDER, Tone.ERROR)
            return
        try:
            file = await asyncio.to_thread(write_export, self.exports, title, ending, text)
        except ExportError as error:
            chat.remark(str(error), Tone.ERROR)
        else:
            chat.remark(f"Exported to {file}")
