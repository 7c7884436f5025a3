"""The frontend tools of a turn: those which its connection offers, whatever they are."""

from __future__ import annotations

from collections.abc import Collection

from google.adk.agents.readonly_context import ReadonlyContext
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.base_toolset import BaseToolset

from server.agent.frontend_tool import DELEGATE_KEY, FrontendTool
from server.tabs.delegate import FrontendToolDelegate


class OfferedTools(BaseToolset):
    """Asked anew at every step, so two connections never share a list.

    ADK would keep the last list by invocation id, which is ``None`` for a call without a context; that is off.
    """

    def __init__(self, *, reserved: Collection[str]) -> None:
        """``reserved`` names are the server's own: a tab cannot offer a tool under one of them."""
        super().__init__()
        self._use_invocation_cache = False
        self._reserved = frozenset(reserved)

    async def get_tools(self, readonly_context: ReadonlyContext | None = None) -> list[BaseTool]:
        """One tool for each that the turn's delegate offers; none without a turn."""
        delegate = None if readonly_context is None else readonly_context.state.get(DELEGATE_KEY)
        if not isinstance(delegate, FrontendToolDelegate):
            return []
        return [FrontendTool(spec) for name, spec in delegate.tools.items() if name not in self._reserved]
