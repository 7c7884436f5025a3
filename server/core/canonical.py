"""The canonical form of a call's arguments, and its hash: equal arguments, equal hash."""

from __future__ import annotations

import hashlib
import json

from shared.json_types import JsonObject


def arguments_hash(arguments: JsonObject) -> str:
    """SHA-256 in hex over JSON with sorted keys, no spaces and no escapes beyond JSON's own."""
    text = json.dumps(arguments, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
