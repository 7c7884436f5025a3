"""What a tool may raise to say that it could not do its work."""

from __future__ import annotations

from shared.errors import StateError, StorageError


class ToolFailedError(Exception):
    """An expected failure; ``str(error)`` is a sentence for the model and the person."""


EXPECTED = (ToolFailedError, StateError, StorageError)
"""Failures whose sentence the model is given; whatever else a tool raises is a bug, and told without its words."""
