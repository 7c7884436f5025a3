"""Opens the WebSocket to an endpoint, and turns what can go wrong into a refusal or a reason to try again."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.http11 import Response

from client.link.endpoint import Endpoint
from client.link.wire import NotLetInError
from shared.acp_names import PATH
from shared.errors import LinkLostError

OPEN_TIMEOUT = 10.0
PING_EVERY = PING_TIMEOUT = 5.0
CLOSE_TIMEOUT = 2.0
MAX_RECEIVED = 16 * 2**20
"""Longest message taken from a server, in bytes."""

UNAUTHORIZED, TOO_MANY = 401, 429
OURS_TO_MEND = range(400, 500)
LONGEST_REASON = 200


class Line(ClientConnection):
    """A WebSocket whose server takes what is sent within a time, or is given up."""

    async def drain(self) -> None:
        """Wait until the server has taken enough. The library's pings wait here too, before their own time begins."""
        async with asyncio.timeout(PING_TIMEOUT):
            await super().drain()


async def connect_to(endpoint: Endpoint) -> ClientConnection:
    """The open WebSocket.

    Raises:
        NotLetInError: if the server refuses this client.
        LinkLostError: if it cannot be reached now, or has no room now.
    """
    headers = {} if endpoint.token is None else {"Authorization": f"Bearer {endpoint.token.reveal()}"}
    options: dict[str, Any] = {
        "additional_headers": headers,
        "create_connection": Line,
        "compression": None,
        "max_size": MAX_RECEIVED,
        "open_timeout": OPEN_TIMEOUT,
        "ping_interval": PING_EVERY,
        "ping_timeout": PING_TIMEOUT,
        "close_timeout": CLOSE_TIMEOUT,
    }
    try:
        if endpoint.socket is not None:
            return await unix_connect(str(endpoint.socket), uri=f"ws://localhost{PATH}", **options)
        return await connect(endpoint.url, proxy=_proxy(endpoint.url), **options)
    except InvalidStatus as error:
        raise _refusal(endpoint, error.response) from error
    except (OSError, EOFError, WebSocketException) as error:
        raise LinkLostError(f"No server answers at {endpoint.url}: {_reason(error)}.") from error


def _refusal(endpoint: Endpoint, response: Response) -> NotLetInError | LinkLostError:
    if response.status_code == UNAUTHORIZED:
        return NotLetInError(
            f"The server at {endpoint.url} does not accept the token. Set RINGBACK_TOKEN to its token "
            "or to an API key for it, or stop the server and start again."
        )
    said = (response.body or b"").decode("utf-8", "replace").strip()[:LONGEST_REASON]
    sentence = f"The server at {endpoint.url} refused the connection ({response.status_code}): {said or 'no reason'}"
    if response.status_code in OURS_TO_MEND and response.status_code != TOO_MANY:
        return NotLetInError(sentence)
    return LinkLostError(sentence)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).rstrip(".") or type(error).__name__


def _proxy(url: str) -> Literal[True] | None:
    # True: the proxy that the environment names, if any. What is on this machine is never asked for elsewhere.
    host = urlsplit(url).hostname or ""
    try:
        is_here = ip_address(host).is_loopback
    except ValueError:
        is_here = host == "localhost"
    return None if is_here else True
