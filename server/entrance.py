"""Makes a server's one entrance from its settings: its socket, its encryption, its door and whom it knows."""

from __future__ import annotations

import getpass
import importlib
import os
import socket
from pathlib import Path
from typing import assert_never

from server.core.identity import DEFAULT_TENANT, Identity, NameRefusedError, identity_named
from server.gateway.authenticator import Authenticator, Keys, LocalToken, TokenCheck
from server.gateway.door import DoorConfig, hosts_of
from server.gateway.listener import Entrance
from server.gateway.sockets import bind_tcp, bind_unix
from server.process.address import Tcp
from server.process.encryption import encryption
from server.process.local_token import read_or_make_token
from server.process.settings import ServerSettings
from shared.errors import StartError
from shared.folders import token_file
from shared.secret import Secret


def make_entrance(settings: ServerSettings, keys: Keys) -> Entrance:
    """The entrance, with its socket bound; ``keys`` brings the API keys.

    Raises:
        StartError: if it cannot be made; the sentence says why.
    """
    tls = settings.address.tls if isinstance(settings.address, Tcp) else None
    context = None if tls is None else encryption(tls)
    local = LocalToken(Secret(read_or_make_token(token_file(settings.data_dir))), _holder())
    authenticator = Authenticator(local, keys, _token_check(settings))
    listening = _bind(settings.address)
    port = None if listening.family == socket.AF_UNIX else listening.getsockname()[1]
    asked = settings.door
    door = DoorConfig(
        hosts=hosts_of(port, asked.hosts, is_encrypted=context is not None),
        tenants=settings.tenants,
        origins=asked.origins,
        proxies=asked.proxies,
        most=asked.most,
        most_of_one=asked.most_of_one,
    )
    return Entrance(listening, door, authenticator, context)


def _token_check(settings: ServerSettings) -> TokenCheck | None:
    if settings.jwt is None:
        return None
    # Only for those who use it: cryptography takes its time to load.
    check: TokenCheck = importlib.import_module("server.gateway.jwt_check").jwt_check(settings.jwt)
    return check


def _bind(address: Path | Tcp) -> socket.socket:
    match address:
        case Tcp(host, port):
            return bind_tcp(host, port)
        case Path() as path:
            return bind_unix(path)
        case _:
            assert_never(address)


def _holder() -> Identity:
    try:
        return identity_named(DEFAULT_TENANT, getpass.getuser())
    except (OSError, KeyError, ImportError):
        # An account without a name, as in some containers.
        return identity_named(DEFAULT_TENANT, f"user-{os.geteuid()}")
    except NameRefusedError as error:
        raise StartError(f"The name of your account cannot be used. {error}") from error
