"""Alembic's migrations, and the list of their revisions, oldest first."""

from __future__ import annotations

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every revision this version knows; ``versions/NAME_*.py`` holds each one's steps."""

HEAD = REVISIONS[-1]
