"""Makes leases, and checks the secret that takes one back."""

from __future__ import annotations

import hmac
import secrets

from server.core.lease import Lease
from server.core.secret_hash import secret_hash
from server.tabs.tab import Tab


def leased(tab: Tab, *, epoch: int, secret: str | None = None) -> tuple[Lease, str]:
    """The lease of ``tab`` and its secret, which only the tab is told: a new one, unless it has one already."""
    secret = secret or secrets.token_urlsafe(32)
    lease = Lease(epoch, tab.signature, tab.device, secret_hash(secret), tuple(tab.tools.values()))
    return lease, secret


def opens(lease: Lease, secret: str) -> bool:
    """Whether ``secret`` is the one that was given with ``lease``."""
    return hmac.compare_digest(lease.secret_hash, secret_hash(secret))
