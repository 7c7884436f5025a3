"""Where the server listens: a Unix socket, or a TCP port; one that other machines reach only if that was meant."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from server.process.options import ServerOptions
from shared.errors import UsageError
from shared.folders import MAX_SOCKET_PATH, socket_path

MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Tls:
    """The files with the certificate (and what leads to its authority) and its key, both in PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Tcp:
    """An address to listen on; ``port`` 0 is any free one. ``is_reachable``: other machines reach it."""

    host: str
    port: int
    tls: Tls | None = None
    is_reachable: bool = False


def address_of(options: ServerOptions, runtime: Path, data_dir: Path) -> Path | Tcp:
    """What the options say; a socket in ``runtime`` that belongs to ``data_dir`` if they say nothing.

    Raises:
        UsageError: if they contradict each other, or would open the server to other machines by mistake.
    """
    if options.host is None and options.port is None:
        socket = (options.socket or socket_path(runtime, data_dir)).absolute()
        if len(bytes(socket)) > MAX_SOCKET_PATH:
            raise UsageError(
                f"The socket's path {socket} is longer than {MAX_SOCKET_PATH} bytes. Choose a shorter one."
            )
        return socket
    if options.socket is not None:
        raise UsageError("Give either a socket or a host and port, not both.")
    port = options.port or 0
    if not 0 <= port <= MAX_PORT:
        raise UsageError(f"A port is a number from 0 to {MAX_PORT}, not {port}.")
    host = "127.0.0.1" if options.host in {None, "localhost"} else str(options.host)
    return _tcp(host, port, _tls(options), options)


def _tcp(host: str, port: int, tls: Tls | None, options: ServerOptions) -> Tcp:
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise UsageError(f"{host} is no address to listen on. Use 127.0.0.1, ::1 or localhost.") from None
    if address.is_loopback:
        return Tcp(str(address), port, tls)
    reached = f"{host} can be reached from other machines"
    if tls is None and not options.insecure:
        raise UsageError(
            f"{reached}, and what goes there is not encrypted. Give tls_certificate and tls_key; or, where something "
            "in front of this server encrypts, say insecure. Nothing was opened."
        )
    if address.is_unspecified and not options.hosts:
        raise UsageError(
            f"{reached} under names that this server cannot know. List them in hosts "
            "(RINGBACK_HOSTS=chat.example.org). Nothing was opened."
        )
    return Tcp(str(address), port, tls, is_reachable=True)


def _tls(options: ServerOptions) -> Tls | None:
    certificate, key = options.tls_certificate, options.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageError("tls_certificate and tls_key go together: give both.")
    if options.insecure:
        raise UsageError("insecure means not to encrypt: leave it out, or tls_certificate and tls_key.")
    return Tls(certificate.absolute(), key.absolute())
