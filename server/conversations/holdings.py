"""Which conversations each connection holds, and how many it began."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set as AbstractSet

from server.core.session_key import SessionKey
from shared.ids import ConnectionSignature, SessionId


class Holdings:
    """Nothing of a connection is kept once it is gone."""

    def __init__(self) -> None:
        self._keys: dict[ConnectionSignature, set[SessionKey]] = {}
        self._ordinals: defaultdict[ConnectionSignature, int] = defaultdict(int)

    def next_ordinal(self, signature: ConnectionSignature) -> int:
        """The number of the connection's next conversation, from 1."""
        self._ordinals[signature] += 1
        return self._ordinals[signature]

    def add(self, signature: ConnectionSignature, key: SessionKey) -> None:
        """The connection holds that conversation."""
        self._keys.setdefault(signature, set()).add(key)

    def has(self, signature: ConnectionSignature, key: SessionKey) -> bool:
        """Whether the connection holds that conversation."""
        return key in self._keys.get(signature, ())

    def knows(self, signature: ConnectionSignature, session_id: SessionId) -> bool:
        """Whether the connection holds a conversation of that id, whosever it is."""
        return any(key.session_id == session_id for key in self._keys.get(signature, ()))

    def drop(self, signature: ConnectionSignature) -> AbstractSet[SessionKey]:
        """The connection is gone; what it held."""
        self._ordinals.pop(signature, None)
        return self._keys.pop(signature, set())
