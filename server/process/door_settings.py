"""What the server was told about its door: its names, web pages that may come, trusted proxies, and limits."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from server.process.options import ServerOptions
from shared.errors import UsageError

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

NAME = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)(:[0-9]{1,5})?", re.ASCII)
"""A ``Host`` header: a name or address, perhaps with a port."""

ORIGIN = re.compile(rf"[a-z][a-z0-9+.-]*://{NAME.pattern}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """``hosts`` and ``origins`` are in small letters. ``most`` connections in all, ``most_of_one`` of one person.

    ``messages`` is how many messages a second one connection may send for long.
    """

    hosts: frozenset[str]
    origins: frozenset[str]
    proxies: tuple[Network, ...]
    most: int
    most_of_one: int
    messages: int


def door_settings(options: ServerOptions) -> DoorSettings:
    """What was said, checked.

    Raises:
        UsageError: if something cannot be what it is to be; the sentence says which and what would do.
    """
    return DoorSettings(
        hosts=_matching(options.hosts, NAME, "hosts", "a name such as chat.example.org or chat.example.org:8443"),
        origins=_matching(options.origins, ORIGIN, "origins", "an origin such as https://chat.example.org"),
        proxies=tuple(_network(name) for name in options.proxies),
        most=options.max_connections,
        most_of_one=options.max_connections_of_one,
        messages=options.max_messages,
    )


def _matching(names: Iterable[str], form: re.Pattern[str], setting: str, example: str) -> frozenset[str]:
    spelled = frozenset(name.lower() for name in names)
    for name in spelled:
        if not form.fullmatch(name):
            raise UsageError(f"{setting}: {name!r} is not {example}.")
    return spelled


def _network(name: str) -> Network:
    try:
        return ipaddress.ip_network(name)
    except ValueError:
        raise UsageError(f"proxies: {name!r} is no address such as 10.0.0.7 or network such as 10.0.0.0/24.") from None
