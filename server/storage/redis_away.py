"""What is raised where Redis cannot be used now."""

from __future__ import annotations


class RedisAwayError(Exception):
    """Redis cannot be used now. ``str(error)`` says why, as a part of a sentence, without anything secret.

    It does not leave the store: the database goes on instead.
    """
