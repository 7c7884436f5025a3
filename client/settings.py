"""The client's settings, and the only reader of the environment on this side.

The command line comes first, then ``RINGBACK_<NAME>``, then ``config.toml``, then the defaults below. The client's own
settings stand in the table ``[client]``. ``data_dir`` stands in ``[server]``, because it is the server's word and both
sides must agree on it; ``model`` stands there too, and is read by the server alone: the client passes on what the
command line said and nothing else, since the server it starts sees the same environment and the same file.
``RINGBACK_HOME`` and ``RINGBACK_TOKEN`` are read from the environment only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

import shared
from client.core.leaving import Way
from client.link.endpoint import Endpoint
from client.tools.place import Place, parse_place
from shared.errors import UsageError
from shared.folders import Folders, folders
from shared.layers import merge, read_toml
from shared.secret import Secret

MAX_LABEL = 40
"""Longest label of a device in characters: it stands in a tab's title."""


class ClientOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The table ``[client]``."""

    device: str = "PC"
    """The device that the first tab is: a preset's label, or any other label."""

    location: str | None = None
    """Where this device is: a city, or ``latitude,longitude`` in degrees."""

    music_folder: Path | None = None
    """Tracks 3 and up are the files in here, in name order."""

    allowed_folders: tuple[Path, ...] = ()
    """Folders beside the working folder that tools may write in without a warning."""

    theme: str | None = None
    """Name of the screen's theme; the screen has its own default."""

    on_quit: Literal["ask", "go_on", "stop"] = "ask"
    """What becomes of what is under way when the person leaves: it goes on in the server, or is stopped."""

    connect: str | None = None
    """Address of a server that runs already; a local one is found or started otherwise."""


class ServerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the client must know of the table ``[server]``."""

    data_dir: Path | None = None
    """Where conversations are kept; the platform's data folder if left out."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Everything the client was told, checked. ``model`` is ``None`` unless the command line names one."""

    folders: Folders
    data_dir: Path
    model: str | None
    device: str
    place: Place | None
    music_folder: Path | None
    allowed_folders: tuple[Path, ...]
    theme: str | None
    on_quit: Way
    connect: Endpoint | None


def read_settings(given: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> ClientSettings:
    """The settings from all layers; ``given`` holds the command line's values by name, ``None`` where unused.

    Raises:
        UsageError: if a setting does not make sense; the sentence names where it was said.
    """
    environ = os.environ if environ is None else environ
    ours = program_folders(environ)
    file = read_toml(ours.config_file)
    client = merge(
        ClientOptions, given=given, environ=environ, table=_table(file, "client", ours), source=ours.config_file
    )
    known = {name: value for name, value in _table(file, "server", ours).items() if name == "data_dir"}
    server = merge(ServerOptions, given=given, environ=environ, table=known, source=ours.config_file)
    return ClientSettings(
        folders=ours,
        data_dir=(server.data_dir or ours.data).absolute(),
        model=given.get("model"),
        device=_device_label(client.device),
        place=None if client.location is None else parse_place(client.location),
        music_folder=None if client.music_folder is None else client.music_folder.absolute(),
        allowed_folders=tuple(folder.expanduser().absolute() for folder in client.allowed_folders),
        theme=client.theme,
        on_quit=Way(client.on_quit),
        connect=None if client.connect is None else Endpoint(client.connect, _token(environ)),
    )


def program_folders(environ: Mapping[str, str] | None = None) -> Folders:
    """Where this program keeps its files: under ``RINGBACK_HOME`` if that is set, or where the platform wants them."""
    home = (os.environ if environ is None else environ).get("RINGBACK_HOME")
    return folders(Path(home) if home else None)


def child_environment() -> dict[str, str]:
    """The environment of this process, for a child that is to load the same packages as this program, from anywhere."""
    ours = str(Path(shared.__file__).parent.parent)
    others = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": ours if not others else os.pathsep.join((ours, others))}


def foreign_environment() -> dict[str, str]:
    """The environment of this process for a program that is none of ours: what is said to Ringback is not in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RINGBACK_")}


def _table(file: Mapping[str, Any], name: str, ours: Folders) -> Mapping[str, Any]:
    table = file.get(name, {})
    if not isinstance(table, dict):
        raise UsageError(f"{ours.config_file}: {name} must be a table, written as [{name}].")
    return table


def _token(environ: Mapping[str, str]) -> Secret | None:
    token = environ.get("RINGBACK_TOKEN")
    return Secret(token) if token else None


def _device_label(label: str) -> str:
    label = label.strip()
    if not label or not label.isprintable() or len(label) > MAX_LABEL:
        raise UsageError(f"A device's name has 1 to {MAX_LABEL} printable characters; {label!r} does not.")
    return label
