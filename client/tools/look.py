"""What a tool finds when it looks at what a call would do here, before anybody says yes."""

from __future__ import annotations

from dataclasses import dataclass

from client.core.approval_preview import Preview
from client.tools.shown import ShownPlace


@dataclass(frozen=True, slots=True)
class Look:
    """``preview`` is for the person; ``place`` is what must still be so when the call runs."""

    preview: Preview
    place: ShownPlace | None = None
