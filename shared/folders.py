"""Where the program keeps its files: pure path arithmetic, nothing is made here."""

from __future__ import annotations

import hashlib
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import platformdirs

MAX_SOCKET_PATH = 107
"""Longest path of a Unix socket in bytes (``sun_path`` less its final NUL)."""


@dataclass(frozen=True, slots=True)
class Folders:
    """The four folders; ``config/config.toml``, ``data/token``, ``data/ringback.db``, ``runtime/server.sock``."""

    config: Path
    data: Path
    state: Path
    runtime: Path

    @property
    def config_file(self) -> Path:
        """The settings of the person."""
        return self.config / "config.toml"


def folders(home: Path | None = None) -> Folders:
    """The platform's folders for ``ringback``, or four folders under ``home`` (``RINGBACK_HOME``) when given."""
    if home is not None:
        home = home.expanduser().absolute()
        return Folders(home / "config", home / "data", home / "state", home / "runtime")
    dirs = platformdirs.PlatformDirs("ringback", appauthor=False)
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR it takes a folder in /tmp, and would tell the person so on every start.
        warnings.simplefilter("ignore")
        runtime = Path(dirs.user_runtime_dir)
    return Folders(Path(dirs.user_config_dir), Path(dirs.user_data_dir), Path(dirs.user_state_dir), runtime)


def token_file(data: Path) -> Path:
    """The local token of a data folder."""
    return data / "token"


def socket_path(runtime: Path, data: Path) -> Path:
    """Where the embedded server of ``data`` listens.

    A path too long for a Unix socket falls back to a short folder, named after the data folder so that client
    and server agree on it without talking.
    """
    name = hashlib.sha256(str(data.absolute()).encode()).hexdigest()[:12]
    wanted = runtime / f"{name}.sock"
    if len(bytes(wanted)) <= MAX_SOCKET_PATH:
        return wanted
    return Path(tempfile.gettempdir()) / f"ringback-{name}" / "s.sock"
