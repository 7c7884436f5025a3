"""A web address taken apart: where it leads, and what about it could mislead. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from client.core.visible_text import is_invisible_in, visible

PORTS = {"http": 80, "https": 443}
MOST_CHARACTERS = 8_000
"""Longest address, in characters: no browser is sure to take more."""

_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")
_NUMBER_HOST = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*\.?")
_HERE = ("localhost", ".localhost", ".local", ".internal")


class UrlRefusedError(ValueError):
    """The address is not opened; ``str(error)`` is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class UrlParts:
    """``address`` is what is opened: as written, but with the host as it travels.

    ``host`` is the host as it travels, in ASCII, and ``host_as_read`` the same in Unicode. ``port`` is there when it is
    not the scheme's own. ``is_near`` says that it leads to this machine or its own network.
    """

    address: str
    scheme: str
    host: str
    host_as_read: str
    port: int | None
    is_near: bool


def url_parts(url: str) -> UrlParts:
    """``url`` taken apart.

    Raises:
        UrlRefusedError: if it is no http or https address, holds a user's name, or can be read in two ways.
    """
    if len(url) > MOST_CHARACTERS:
        raise UrlRefusedError(f"The address has more than {MOST_CHARACTERS:,} characters, so it is not opened.")
    if is_invisible_in(url) or any(character.isspace() or character in '\\<>"' for character in url):
        raise UrlRefusedError(
            'The address has a blank, an invisible character or one of \\ < > " in it, so it is not opened.'
        )
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError as error:
        raise UrlRefusedError(f"This is no address that can be opened: {visible(str(error), keep='')}.") from error
    if split.scheme not in PORTS:
        raise UrlRefusedError("Only addresses that begin with http:// or https:// are opened.")
    if "@" in split.netloc:
        raise UrlRefusedError(
            "The address has a user's name or password in front of its host, which is not opened: "
            f"it would lead to {visible(split.hostname or 'nowhere', keep='')}."
        )
    host = _travelling(split.hostname or "")
    near = _is_near(host)
    literal = f"[{host}]" if ":" in host else host
    netloc = literal if port is None else f"{literal}:{port}"
    address = SplitResult(split.scheme, netloc, split.path, split.query, split.fragment).geturl()
    own = None if port == PORTS[split.scheme] else port
    return UrlParts(address, split.scheme, host, _as_read(host), own, near)


def _travelling(host: str) -> str:
    if ":" in host:
        try:
            return str(IPv6Address(host))
        except ValueError:
            raise UrlRefusedError("The address has no host that can be opened.") from None
    try:
        ascii_host = host.encode("idna").decode("ascii").lower() if not host.isascii() else host.lower()
    except UnicodeError:
        raise UrlRefusedError("The address has no host that can be opened.") from None
    if not _HOST.fullmatch(ascii_host):
        raise UrlRefusedError("The address has no host that can be opened.")
    if _NUMBER_HOST.fullmatch(ascii_host):
        try:
            return str(IPv4Address(ascii_host))
        except ValueError:
            raise UrlRefusedError(
                "The address has a number for a host that browsers read in more than one way, so it is not opened."
            ) from None
    return ascii_host


def _as_read(host: str) -> str:
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _is_near(host: str) -> bool:
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        name = f".{host.rstrip('.')}"
        return name.endswith(_HERE) or "." not in host
    return not address.is_global
