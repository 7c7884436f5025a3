"""The tab that holds a conversation, with what is made for it alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.context import SessionContext
from server.conversations.services import Services
from server.core.desk import Desk
from server.tabs.approvals import Approvals
from server.tabs.delegate import FrontendToolDelegate
from server.tabs.outbox import Outbox
from server.tabs.tab import Tab
from shared.frames import Update


@dataclass(frozen=True, slots=True)
class Holder:
    """One connection's hold on a conversation."""

    tab: Tab
    delegate: FrontendToolDelegate
    approvals: Approvals


@dataclass(frozen=True, slots=True)
class Calls:
    """The open tool calls of a conversation, and where it says what becomes of them; ``stop`` ends the turn."""

    desk: Desk
    outbox: Outbox
    emit: Callable[[Update], None]
    stop: Callable[[], None]


def hold(tab: Tab, context: SessionContext, calls: Calls, services: Services) -> Holder:
    """Let ``tab`` hold the conversation of ``context`` from now on."""
    context.client_identifier = tab.signature
    approvals = Approvals(
        session_id=context.session_id,
        desk=calls.desk,
        tab=tab,
        emit=calls.emit,
        outbox=calls.outbox,
        approval_timeout=services.approval_timeout,
        stop=calls.stop,
        measures=services.measures,
    )
    return Holder(tab, FrontendToolDelegate(tab, context.session_id, call_timeout=services.call_timeout), approvals)
