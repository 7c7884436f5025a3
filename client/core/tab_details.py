"""What there is to know of a tab, as labels and values."""

from __future__ import annotations

from dataclasses import dataclass

from client.core.tab_mark import LinkState
from client.core.transcript_entries import model_name
from shared.frames import Device, Welcome

NOT_YET = "not known yet"


@dataclass(frozen=True, slots=True)
class TabDetails:
    """What the screen shows."""

    name: str
    device: Device
    link: LinkState
    welcome: Welcome | None
    version: str

    def rows(self) -> list[tuple[str, str]]:
        """Label and value of every line."""
        welcome = self.welcome
        return [
            ("Session", NOT_YET if welcome is None else welcome.session_id),
            ("Signature", NOT_YET if welcome is None else welcome.signature),
            ("Model", NOT_YET if welcome is None else f"{model_name(welcome.model)}, {welcome.model.name}"),
            ("Device", f"{self.device.label}, {self.device.kind}, id {self.device.id}"),
            ("Line", self.link.value),
            ("Server", NOT_YET if welcome is None else f"Ringback {welcome.server_version}"),
            ("This program", f"Ringback {self.version}"),
        ]
