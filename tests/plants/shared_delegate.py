"""A planted bug: every conversation speaks to the tab of the first one, as with a delegate kept in a global."""

from __future__ import annotations

from typing import Any

from server.__main__ import main
from server.conversation import Conversation

honest = Conversation.__init__
first: list[Any] = []


def shared(self: Conversation, **parts: Any) -> None:
    first.append(parts["tab"])
    honest(self, **{**parts, "tab": first[0]})


if __name__ == "__main__":
    Conversation.__init__ = shared  # type: ignore[method-assign]
    main()
