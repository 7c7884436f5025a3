"""Where a link leads, written so that it cannot pass for another address."""

from __future__ import annotations

from urllib.parse import quote, urlsplit, urlunsplit

from client.core.visible_text import visible

_ASCII_MARKS = "".join(chr(code) for code in range(0x21, 0x7F))


def shown_target(href: str) -> str:
    """``href`` in full and in ASCII: its host in punycode, everything else percent-encoded, nothing left out.

    A Cyrillic letter in the place of the first one of ``apple.com`` is seen as ``xn--pple-43d.com``.
    """
    try:
        parts = urlsplit(href)
        href = urlunsplit(parts._replace(netloc=_ascii_host(parts.netloc)))
    except ValueError:
        pass  # it leads nowhere that could be looked up, and is shown as it stands
    return visible(quote(href, _ASCII_MARKS, errors="replace"), keep="")


def _ascii_host(netloc: str) -> str:
    if netloc.isascii():
        return netloc
    before, at, host = netloc.rpartition("@")
    try:
        return f"{before}{at}{host.encode('idna').decode('ascii')}"
    except UnicodeError:
        return netloc  # no name that could be looked up; percent-encoded with the rest


def is_told(text: str, target: str) -> bool:
    """Whether a link's own ``text`` already says its ``target``, so that it need not be said twice."""
    return text.strip().removesuffix("/") in {target.removesuffix("/"), target.removeprefix("mailto:")}
