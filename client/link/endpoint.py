"""Where a server listens, and the token that opens its door."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shared.acp_names import PATH
from shared.errors import UsageError
from shared.secret import Secret

UNIX_SCHEME = "ws+unix://"
"""Our own form of address, ``ws+unix://PATH:/acp``: no WebSocket library knows one for Unix sockets."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``url`` is ``ws://…``, ``wss://…`` or ``ws+unix://PATH:/acp``; ``token`` is a bearer token, if one is needed."""

    url: str
    token: Secret | None = None

    def __post_init__(self) -> None:
        """Refuses an address that nothing could listen at.

        Raises:
            UsageError: if ``url`` is none of the three forms.
        """
        if self.url.startswith(UNIX_SCHEME):
            if self.socket == Path():
                raise UsageError(f"{self.url} names no socket. Write it as {UNIX_SCHEME}PATH:{PATH}.")
            return
        try:
            parts = urlsplit(self.url)
            parts.port  # noqa: B018  (reading it is what checks it)
        except ValueError as error:
            raise UsageError(f"{self.url} is no address: {error}.") from error
        if parts.scheme not in {"ws", "wss"} or not parts.hostname:
            raise UsageError(
                f"{self.url} is no address of a server. Write ws://HOST:PORT{PATH}, wss://HOST{PATH} "
                f"or {UNIX_SCHEME}PATH:{PATH}."
            )

    @property
    def socket(self) -> Path | None:
        """The Unix socket's path; ``None`` for an address on a network."""
        if not self.url.startswith(UNIX_SCHEME):
            return None
        return Path(self.url.removeprefix(UNIX_SCHEME).removesuffix(f":{PATH}"))
