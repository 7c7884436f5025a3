"""The server's settings, and the only reader of the environment on this side.

The command line comes first, then ``RINGBACK_<NAME>``, then the table ``[server]`` of ``config.toml``, then the
defaults below. ``RINGBACK_HOME`` is read from the environment only.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from shared.errors import UsageError
from shared.folders import MAX_SOCKET_PATH, folders, socket_path
from shared.layers import merge, read_toml

MAX_PORT = 65535


class ServerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The table ``[server]``, and the options of ``serve``."""

    socket: Path | None = None
    """Unix socket to listen on; a private one of the data folder's own if neither this nor ``host`` is given."""

    host: str | None = None
    """Address of this machine to listen on instead of a Unix socket."""

    port: int | None = None
    """TCP port; 0 is any free one."""

    data_dir: Path | None = None
    """Where conversations are kept; the platform's data folder if left out."""

    model: str | None = None
    """Which model answers; chosen by the keys in the environment if left out."""

    embedded: bool = False
    """Whether a client started this server, so that it leaves by itself."""

    log_file: Path | None = None
    """Where the log goes."""

    grace: float = 10.0
    """How long an embedded server stays after its last client, in seconds."""

    patience: float = 60.0
    """How long an embedded server waits for its first client, in seconds."""

    approval_timeout: float = 600.0
    """How long a person may think about an approval, in seconds."""

    call_timeout: float = 300.0
    """How long a tool may run in a tab, in seconds."""


@dataclass(frozen=True, slots=True)
class Tcp:
    """A loopback address to listen on; ``port`` 0 is any free one."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Everything the server was told, checked. ``environ`` is for the model providers' own keys."""

    address: Path | Tcp
    data_dir: Path
    model: str | None
    embedded: bool
    log_file: Path
    grace: float
    patience: float
    approval_timeout: float
    call_timeout: float
    environ: Mapping[str, str] = field(repr=False)


def read_settings(given: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> ServerSettings:
    """The settings from all layers; ``given`` holds the command line's values by name, ``None`` where unused.

    Raises:
        UsageError: if a setting does not make sense; the sentence names where it was said.
    """
    environ = os.environ if environ is None else environ
    home = environ.get("RINGBACK_HOME")
    ours = folders(Path(home) if home else None)
    table = read_toml(ours.config_file).get("server", {})
    if not isinstance(table, dict):
        raise UsageError(f"{ours.config_file}: server must be a table, written as [server].")
    options = merge(ServerOptions, given=given, environ=environ, table=table, source=ours.config_file)
    for name in ("grace", "patience", "approval_timeout", "call_timeout"):
        if not 0 < getattr(options, name) < float("inf"):
            raise UsageError(f"{name} is a number of seconds above 0, not {getattr(options, name)}.")
    data_dir = (options.data_dir or ours.data).absolute()
    return ServerSettings(
        address=_address(options, ours.runtime, data_dir),
        data_dir=data_dir,
        model=options.model,
        embedded=options.embedded,
        log_file=(options.log_file or ours.state / "server.log").absolute(),
        grace=options.grace,
        patience=options.patience,
        approval_timeout=options.approval_timeout,
        call_timeout=options.call_timeout,
        environ=environ,
    )


def _address(options: ServerOptions, runtime: Path, data_dir: Path) -> Path | Tcp:
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
    return Tcp(_loopback("127.0.0.1" if options.host is None else options.host), port)


def _loopback(host: str) -> str:
    if host == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise UsageError(f"{host} is no address to listen on. Use 127.0.0.1, ::1 or localhost.") from None
    if not address.is_loopback:
        raise UsageError(
            f"{host} can be reached from other machines, and this server does not encrypt yet, so it only listens on "
            "127.0.0.1, ::1 or localhost. Nothing was opened."
        )
    return str(address)
