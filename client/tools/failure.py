"""The one way a frontend tool says that it could not do its work."""

from __future__ import annotations

from shared.errors import RingbackError


class ToolFailedError(RingbackError):
    """The tool was not done; ``str(error)`` is a sentence for the model and the person."""
