"""What the question about a web page says: where the address leads. Pure."""

from __future__ import annotations

from client.core.approval_preview import BlockLine, Fact, Preview, Sign
from client.core.url_parts import UrlParts, UrlRefusedError, url_parts
from client.core.visible_text import exact


def url_preview(url: str) -> Preview:
    """The host in a line of its own, whatever is unusual, and the address as asked and, if that differs, as opened."""
    block: tuple[BlockLine, ...] = (BlockLine(Sign.ADDRESS, exact(url)),)
    try:
        parts = url_parts(url)
    except UrlRefusedError as error:
        return Preview((Fact(f"It would be refused: {error}", is_warning=True),), block, frozenset({"url"}))
    if parts.address != url:
        block = (*block, BlockLine(Sign.OPENED, exact(parts.address)))
    return Preview(tuple(_facts(parts)), block, frozenset({"url"}))


def _facts(parts: UrlParts) -> list[Fact]:
    facts = [Fact(f"Leads to {parts.host}")]
    if parts.host_as_read != parts.host:
        facts.append(Fact(f"The host reads {exact(parts.host_as_read)}: look at each letter", is_warning=True))
    if parts.port is not None:
        facts.append(Fact(f"On port {parts.port}, which is not the usual one", is_warning=True))
    if parts.is_near:
        facts.append(Fact("That is this machine, or its own network", is_warning=True))
    if parts.scheme == "http":
        facts.append(Fact("Not encrypted: others on the way can read and change the page", is_warning=True))
    return facts
