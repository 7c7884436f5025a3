"""A planted bug: every conversation speaks to the tab of the first one, as with a delegate kept in a global."""

from __future__ import annotations

from server.__main__ import main
from server.conversations.conversation import Conversation
from server.tabs.tab import Tab

honest = Conversation.attach
first: list[Tab] = []


def shared(self: Conversation, tab: Tab) -> None:
    first.append(tab)
    honest(self, first[0])


if __name__ == "__main__":
    Conversation.attach = shared  # type: ignore[method-assign]
    main()
