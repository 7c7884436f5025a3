"""One connection's hold on a conversation: its tab, the lease it holds by, and what waits to be sent there."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.core.lease import Lease
from server.tabs.outbox import Outbox
from server.tabs.tab import Tab


@dataclass(frozen=True, slots=True, eq=False)
class Seat:
    """Made anew with each change of holder; what waits in the outbox of an old one concerns nobody else."""

    tab: Tab
    lease: Lease
    outbox: Outbox = field(default_factory=Outbox)
