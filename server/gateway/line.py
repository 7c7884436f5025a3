"""One WebSocket of the listener's, with what the door granted to who is behind it."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from server.core.identity import Admission, Identity
from server.gateway.authenticator import Entered
from server.gateway.door import Address
from shared.ids import ConnectionSignature

PING_TIMEOUT = 5.0
"""How long a peer may take to answer a ping, or to take what is sent, in seconds."""


class Line(ServerConnection):
    """``entered`` is there from when the door lets it in. ``on_made`` is called once the peer can be heard."""

    entered: Entered
    on_made: Callable[[Line], None]

    @property
    def admission(self) -> Admission:
        """What was granted."""
        return self.entered.admission

    @property
    def identity(self) -> Identity:
        """The person that the connection speaks for, unless it names another."""
        return self.admission.identity

    @property
    def signature(self) -> ConnectionSignature:
        """The UUID v4 made when the socket was accepted."""
        return ConnectionSignature(str(self.id))

    @property
    def address(self) -> Address | None:
        """The peer's address; ``None`` on a Unix socket."""
        told = self.remote_address
        if not isinstance(told, tuple):
            return None
        address = ipaddress.ip_address(told[0].partition("%")[0])
        # A server that listens on IPv6 sees an IPv4 peer so.
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return mapped or address

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The library's; with TLS, its handshake is over."""
        super().connection_made(transport)
        self.on_made(self)

    def cut(self) -> None:
        """End the connection at once, without a word."""
        self.transport.abort()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the WebSocket; one that is closed already stays so."""
        try:
            await super().close(code, reason)
        except AttributeError:
            # asyncio's transport fails so when the library aborts one that closed while it still had bytes to send.
            if self.state is not State.CLOSED:
                raise

    async def drain(self) -> None:
        """Wait until the peer has taken enough; one that takes nothing in time loses the connection.

        The library's pings wait here too, before their own time begins: without a limit they would wait for ever.
        """
        async with asyncio.timeout(PING_TIMEOUT):
            await super().drain()
