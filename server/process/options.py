"""The table ``[server]`` of ``config.toml``, as it is written; most of it can be said in the environment as well."""

from __future__ import annotations

from pathlib import Path

import msgspec


class ServerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """One field for each setting; ``server.process.settings`` says which values make sense."""

    socket: Path | None = None
    """Unix socket to listen on; a private one of the data folder's own if neither this nor ``host`` is given."""

    host: str | None = None
    """Address of this machine to listen on instead of a Unix socket."""

    port: int | None = None
    """TCP port; 0 is any free one."""

    tls_certificate: Path | None = None
    """File with the certificate to encrypt with, in PEM."""

    tls_key: Path | None = None
    """File with the certificate's key, in PEM."""

    insecure: bool = False
    """Whether not to encrypt though other machines can reach the address: something in front of it does."""

    hosts: tuple[str, ...] = ()
    """Names under which the server is asked, beside this machine's own: what may stand in ``Host``."""

    origins: tuple[str, ...] = ()
    """Web pages that may connect, by their origin."""

    proxies: tuple[str, ...] = ()
    """Addresses or networks whose ``X-Tenant-ID`` and ``X-User-ID`` are believed."""

    max_connections: int = 1000
    """How many connections there may be."""

    max_connections_of_one: int = 200
    """How many connections one person may have."""

    max_messages: int = 200
    """How many messages a second a connection may send for long; what comes faster is read later."""

    data_dir: Path | None = None
    """Where conversations are kept; the platform's data folder if left out."""

    model: str | None = None
    """Which model answers; chosen by the keys in the environment if left out."""

    embedded: bool = False
    """Whether a client started this server, so that it leaves by itself."""

    log_file: Path | None = None
    """Where the log goes."""

    verbose: bool = False
    """Whether the log has everything, of the libraries too."""

    grace: float = 10.0
    """How long an embedded server stays after its last client, in seconds."""

    patience: float = 60.0
    """How long an embedded server waits for its first client, in seconds."""

    approval_timeout: float = 600.0
    """How long a person may think about an approval, in seconds."""

    call_timeout: float = 300.0
    """How long a tool may run in a tab, in seconds."""

    doze_after: float = 30.0
    """How long a turn that only waits for a person is kept in memory, in seconds."""

    idle_time: float = 1800.0
    """How long a conversation stays in memory after its last use, in seconds."""

    grant_days: float = 30.0
    """How long a call that was allowed for good runs unasked, in days."""

    policy: Path | None = None
    """File with rules for tools; ``policy.toml`` beside this file, if there is one, when left out."""

    redis: str | None = None
    """Address of a Redis that holds the shared state in front of the database."""

    tools: tuple[str, ...] = ()
    """People's own tools, each as ``module:Class``."""

    workers_agent: int = 16
    """Threads for what the agent itself has to wait for."""

    workers_tool: int = 64
    """Threads for tools that are not async."""

    budget_prompt: int | None = None
    """How many prompt tokens a turn may use."""

    budget_completion: int | None = None
    """How many completion tokens a turn may use."""

    budget_user: int | None = None
    """How many tokens a person may use a day."""

    tenants: tuple[str, ...] = ()
    """The tenants that there are; any name is one if there are none here."""

    jwks: Path | None = None
    """File with the keys that JSON Web Tokens are signed with; without it, no such token opens the door."""

    jwt_issuer: str | None = None
    """The only ``iss`` of a token that opens the door."""

    jwt_audience: str | None = None
    """What must be in a token's ``aud``."""

    jwt_max_lifetime: float = 86400.0
    """How long a token may be valid, from when it was made and from now, in seconds."""
