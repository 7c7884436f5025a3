"""What is kept of a secret: enough to know it again, and no way back to it."""

from __future__ import annotations

import hashlib


def secret_hash(secret: str) -> str:
    """SHA-256 in hexadecimal. For secrets that nobody could guess: one that a person chose would need more."""
    return hashlib.sha256(secret.encode()).hexdigest()
