"""The server's settings, and the only reader of the environment on this side.

The command line comes first, then ``RINGBACK_<NAME>``, then the table ``[server]`` of ``config.toml``, then the
defaults below. ``RINGBACK_HOME`` is read from the environment only.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from server.core.identity import NameRefusedError, tenant_named
from server.core.redis_address import redis_address
from server.core.usage import Budgets
from server.process.address import Tcp, address_of
from server.process.door_settings import DoorSettings, door_settings
from server.process.jwt_settings import JwtSettings, jwt_settings
from server.process.options import ServerOptions
from shared.errors import UsageError
from shared.folders import folders
from shared.ids import TenantId
from shared.layers import merge, read_toml
from shared.secret import Secret

SECONDS = ("grace", "patience", "approval_timeout", "call_timeout", "doze_after", "idle_time", "jwt_max_lifetime")
MAX_WORKERS = 1_000
MAX_BUDGET = 10**15
MAX_GRANT_DAYS = 3_650
POLICY_NAME = "policy.toml"
"""What the policy file beside the config file is called."""
MAX_CONNECTIONS = 10**6
MAX_MESSAGES = 10**6
COUNTS = {
    "workers_agent": MAX_WORKERS,
    "workers_tool": MAX_WORKERS,
    "budget_prompt": MAX_BUDGET,
    "budget_completion": MAX_BUDGET,
    "budget_user": MAX_BUDGET,
    "max_connections": MAX_CONNECTIONS,
    "max_connections_of_one": MAX_CONNECTIONS,
    "max_messages": MAX_MESSAGES,
}
TOOL_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Everything the server was told, checked. Times are in seconds.

    ``has_policy``: ``policy_file`` was named, so it must be there; it is read when a server starts. ``redis`` is its
    URL, which may hold a password. ``tools`` are ``module:Class`` each. No ``tenants`` at all are any. ``environ`` is
    for the model providers' own keys.
    """

    address: Path | Tcp
    door: DoorSettings
    data_dir: Path
    model: str | None
    embedded: bool
    log_file: Path
    verbose: bool
    grace: float
    patience: float
    approval_timeout: float
    call_timeout: float
    doze_after: float
    idle_time: float
    grant_lifetime: timedelta
    policy_file: Path
    has_policy: bool
    redis: Secret | None
    tools: tuple[str, ...]
    workers_agent: int
    workers_tool: int
    budgets: Budgets
    tenants: frozenset[TenantId]
    jwt: JwtSettings | None
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
    _check_numbers(options)
    data_dir = (options.data_dir or ours.data).absolute()
    return ServerSettings(
        address=address_of(options, ours.runtime, data_dir),
        door=door_settings(options),
        data_dir=data_dir,
        model=options.model,
        embedded=options.embedded,
        log_file=(options.log_file or ours.state / "server.log").absolute(),
        verbose=options.verbose,
        grace=options.grace,
        patience=options.patience,
        approval_timeout=options.approval_timeout,
        call_timeout=options.call_timeout,
        doze_after=options.doze_after,
        idle_time=options.idle_time,
        grant_lifetime=timedelta(days=options.grant_days),
        policy_file=(options.policy or ours.config / POLICY_NAME).absolute(),
        has_policy=options.policy is not None,
        redis=_redis(options.redis),
        tools=_tools(options.tools),
        workers_agent=options.workers_agent,
        workers_tool=options.workers_tool,
        budgets=Budgets(options.budget_prompt, options.budget_completion, options.budget_user),
        tenants=_tenants(options.tenants),
        jwt=jwt_settings(options),
        environ=environ,
    )


def _check_numbers(options: ServerOptions) -> None:
    for name in SECONDS:
        if not 0 < getattr(options, name) < float("inf"):
            raise UsageError(f"{name} is a number of seconds above 0, not {getattr(options, name)}.")
    if not 0 < options.grant_days <= MAX_GRANT_DAYS:
        raise UsageError(
            f"grant_days is a number of days above 0 and up to {MAX_GRANT_DAYS}, not {options.grant_days}."
        )
    for name, most in COUNTS.items():
        count = getattr(options, name)
        if count is not None and not 0 < count <= most:
            raise UsageError(f"{name} is a number from 1 to {most}, not {count}.")


def _redis(url: str | None) -> Secret | None:
    if url is None:
        return None
    # Only looked at: what is kept is what was said.
    redis_address(url)
    if importlib.util.find_spec("redis") is None:
        raise UsageError("To use Redis, install Ringback with it: pip install 'ringback[redis]'.")
    return Secret(url)


def _tools(paths: tuple[str, ...]) -> tuple[str, ...]:
    for path in paths:
        if not TOOL_PATH.fullmatch(path):
            raise UsageError(f"A tool is named as package.module:Class, not {path!r}.")
    return paths


def _tenants(names: tuple[str, ...]) -> frozenset[TenantId]:
    try:
        return frozenset(tenant_named(name) for name in names)
    except NameRefusedError as error:
        raise UsageError(f"tenants: {error}") from error
