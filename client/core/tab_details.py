"""What there is to know of a tab, as labels and values."""

from __future__ import annotations

from dataclasses import dataclass

from client.core.tab_mark import LinkState
from client.core.token_text import context_text, usage_text
from client.core.transcript_entries import model_name
from client.ports import Welcome
from shared.frames import Device, UsageChanged
from shared.usage import TokenUsage

NOT_YET = "not known yet"


@dataclass(frozen=True, slots=True)
class TabDetails:
    """What the screen shows. ``used_in_all`` is what all conversations of the person used, as far as it was told."""

    name: str
    device: Device
    link: LinkState
    welcome: Welcome | None
    version: str
    usage: UsageChanged | None = None
    used_in_all: TokenUsage | None = None

    def rows(self) -> list[tuple[str, str]]:
        """Label and value of every line."""
        welcome, usage = self.welcome, self.usage
        here = None if usage is None else usage.session
        return [
            ("Session", NOT_YET if welcome is None else welcome.session_id),
            ("Signature", NOT_YET if welcome is None else welcome.signature),
            ("Model", NOT_YET if welcome is None else f"{model_name(welcome.model)}, {welcome.model.name}"),
            ("Device", f"{self.device.label}, {self.device.kind}, id {self.device.id}"),
            ("Line", self.link.value),
            ("Tokens here", NOT_YET if here is None else usage_text(here)),
            ("Tokens in all", NOT_YET if self.used_in_all is None else usage_text(self.used_in_all)),
            ("Context", NOT_YET if usage is None else context_text(usage.used, usage.size)),
            ("Server", NOT_YET if welcome is None else f"Ringback {welcome.server_version}"),
            ("This program", f"Ringback {self.version}"),
        ]
