"""A text that opens something: it is not printed, wherever it ends up by mistake."""

from __future__ import annotations

import hmac
from typing import NoReturn

HIDDEN = "(secret)"


class Secret:
    """Holds a text. Only :meth:`reveal` gives it away; printed, logged or put into another text it is ``(secret)``."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for whoever must send it."""
        return self._text

    def matches(self, other: Secret) -> bool:
        """Whether both are the same; the time it takes tells nothing of where they differ."""
        mine, theirs = (text.encode("utf-8", "surrogatepass") for text in (self._text, other._text))
        return hmac.compare_digest(mine, theirs)

    def __eq__(self, other: object) -> bool:
        return self.matches(other) if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not written anywhere.")
