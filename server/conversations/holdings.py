"""Which conversations each connection holds, by which leases, and how many it began."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set as AbstractSet

from server.core.lease import Lease
from server.core.session_key import SessionKey
from shared.ids import ConnectionSignature, SessionId


class Holdings:
    """Nothing of a connection is kept once it is gone."""

    def __init__(self) -> None:
        self._leases: dict[ConnectionSignature, dict[SessionKey, Lease]] = {}
        self._ordinals: defaultdict[ConnectionSignature, int] = defaultdict(int)

    def next_ordinal(self, signature: ConnectionSignature) -> int:
        """The number of the connection's next conversation, from 1."""
        self._ordinals[signature] += 1
        return self._ordinals[signature]

    def add(self, signature: ConnectionSignature, key: SessionKey, lease: Lease) -> None:
        """The connection holds that conversation by ``lease``."""
        self._leases.setdefault(signature, {})[key] = lease

    def lease(self, signature: ConnectionSignature, key: SessionKey) -> Lease | None:
        """By which lease the connection holds that conversation; ``None`` if it does not."""
        return self._leases.get(signature, {}).get(key)

    def remove(self, signature: ConnectionSignature, key: SessionKey) -> None:
        """The connection does not hold that conversation any more."""
        self._leases.get(signature, {}).pop(key, None)

    def knows(self, signature: ConnectionSignature, session_id: SessionId) -> bool:
        """Whether the connection holds a conversation of that id, whosever it is."""
        return any(key.session_id == session_id for key in self._leases.get(signature, ()))

    def drop(self, signature: ConnectionSignature) -> AbstractSet[SessionKey]:
        """The connection is gone; what it held."""
        self._ordinals.pop(signature, None)
        return self._leases.pop(signature, {}).keys()
