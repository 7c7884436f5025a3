"""A planted bug: every conversation asks and calls the tab of the first one, as with a delegate kept in a global."""

from __future__ import annotations

from typing import Any

from server.__main__ import main
from server.conversations.holding import Holding
from server.tabs.absent_tab import AbsentTab
from server.tabs.tab import Tab

honest = Holding._sit
first: list[Tab] = []


class Shared:
    """Is who its own tab is, and speaks to the first."""

    def __init__(self, own: Tab) -> None:
        self.own = own

    def __getattr__(self, name: str) -> Any:
        return getattr(first[0] if name in {"ask", "call_tool"} else self.own, name)


def shared(self: Holding, tab: Tab) -> None:
    if not isinstance(tab, AbsentTab):
        first.append(tab)
        tab = Shared(tab)
    honest(self, tab)


if __name__ == "__main__":
    Holding._sit = shared  # type: ignore[method-assign]  # the plant
    main()
