"""Who holds one conversation: the lease, the tab that it stands for, and the delegate that runs tools there."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import assert_never

from server.context import SessionContext
from server.conversations.leasing import leased, opens
from server.core.desk import Desk
from server.core.lease import Lease
from server.core.refusal import IN_DOUBT, refusal
from server.core.verdict import Given, Go, told_of_edits
from server.tabs.absent_tab import AbsentTab
from server.tabs.approvals import Approvals
from server.tabs.delegate import FrontendToolDelegate
from server.tabs.seat import Seat
from server.tabs.tab import Tab
from shared.errors import SessionHeldError
from shared.frames import Device
from shared.ids import ClaimId, ConnectionSignature, ToolCallId
from shared.json_types import JsonObject


def nobodys(context: SessionContext, lease: Lease | None) -> Seat:
    """The seat of a conversation that no tab has taken yet; ``lease`` is what was stored of who held it."""
    lease = lease or Lease(0, context.client_identifier, Device("", "", ""), "")
    return Seat(AbsentTab(lease), lease)


class Holding:
    """``desk`` says for which device a call was claimed; ``call_timeout`` is for a tab's tool to run, in seconds."""

    def __init__(
        self,
        context: SessionContext,
        desk: Desk,
        seat: Seat,
        approvals: Approvals,
        *,
        call_timeout: float,
    ) -> None:
        """``seat`` is :func:`nobodys`. ``approvals`` know the calls that the person sent to another device."""
        self._context = context
        self._desk = desk
        self._call_timeout = call_timeout
        self._approvals = approvals
        self._changed = asyncio.Event()
        self._delegate: FrontendToolDelegate | None = None
        self.seat, self.lease = seat, seat.lease

    @property
    def is_present(self) -> bool:
        """Whether the tab that holds it is there."""
        return not isinstance(self.seat.tab, AbsentTab)

    @property
    def delegate(self) -> FrontendToolDelegate:
        """The delegate of the tab that holds it now; the same one for as long as it does."""
        if self._delegate is None:
            self._delegate = self._delegate_of(self.seat)
        return self._delegate

    def is_held_by(self, signature: ConnectionSignature) -> bool:
        """Whether that connection holds it, and is there."""
        return self.is_present and self.seat.tab.signature == signature

    def check(self, tab: Tab, secret: str | None, *, take_over: bool) -> None:
        """Whether ``tab`` may take it.

        Raises:
            SessionHeldError: if another connection holds it, and neither the secret nor the person's wish takes it.
        """
        is_free = not self.is_present or self.is_held_by(tab.signature)
        if not (is_free or take_over or (secret is not None and opens(self.lease, secret))):
            raise SessionHeldError(
                f"This conversation is held by {self.lease.device.label}. Take it over if you want to go on here.",
                self.lease.device,
            )

    def take(self, tab: Tab, secret: str | None = None) -> str:
        """Let ``tab`` hold it from now on. The secret that takes it back; who held it has nothing to say any more.

        Who comes with the right ``secret`` keeps it: the answer that would tell a new one may be lost.
        """
        kept = secret if secret is not None and opens(self.lease, secret) else None
        self.lease, secret = leased(tab, epoch=self.lease.epoch + 1, secret=kept)
        self._sit(tab)
        return secret

    def come_back(self, tab: Tab, before: Lease | None = None) -> None:
        """``tab`` holds it as it did ``before``; it gets a lease of its own if it had none."""
        if before is not None and not self.lease.epoch:
            # A reset forgot it, and the tab was told its secret once.
            self.lease = before
        if self.lease.holder == tab.signature and self.lease.epoch:
            self._sit(tab)
        else:
            self.take(tab)

    def leave(self) -> None:
        """The tab is gone; the lease stays as it is until somebody else takes it."""
        self._sit(AbsentTab(self.lease))

    def _sit(self, tab: Tab) -> None:
        # An absent tab's device has no id, and so is never the same.
        is_same_device = self.is_present and self.seat.tab.device.id == tab.device.id
        before, self._delegate = self._delegate, None
        self.seat = Seat(tab, self.lease)
        self._context.client_identifier = tab.signature
        # A delegate lives on for the calls that it runs; new ones go to the holder's. But a device that came back asks
        # its journal: its connection before this one may be half-open, and nobody would notice for a while.
        if before is not None and is_same_device:
            before.close("The device came back on another connection.")
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _delegate_of(self, seat: Seat) -> FrontendToolDelegate:
        return FrontendToolDelegate(
            seat.tab,
            self._context.session_id,
            call_timeout=self._call_timeout,
            epoch=seat.lease.epoch,
            claim_of=partial(self._claim_of, seat.tab.device),
            lost=self._lost,
            unclaimed=self._unclaimed,
            elsewhere=partial(self._elsewhere, seat),
        )

    # --- what a delegate asks -----------------------------------------------------------------------------

    def _claim_of(self, device: Device, call_id: ToolCallId) -> ClaimId | None:
        call = self._desk.calls.get(call_id)
        # An absent device has no id; it is waited for.
        return None if call is None or call.is_for_another_than(device.id or call.device) else call.claim

    def _elsewhere(self, seat: Seat, call_id: ToolCallId) -> FrontendToolDelegate | None:
        other = self._approvals.tab_of(call_id)
        if other is not None and other is not seat.tab:
            return self._delegate_of(Seat(other, self.lease))
        return None if seat is self.seat or other is not None else self.delegate

    async def _unclaimed(self, call_id: str) -> JsonObject:
        verdict = await self._approvals.decide_anew(ToolCallId(call_id))
        match verdict:
            case Given(result):
                return result
            case Go(arguments):
                name = self._desk.calls[ToolCallId(call_id)].spec.name
                return told_of_edits(await self.delegate.execute_on_frontend(call_id, name, arguments), verdict)
            case _:
                assert_never(verdict)

    async def _lost(self, call_id: str) -> JsonObject:
        """The device keeps a journal: when it is back and is asked for the same run again, it gives what it gave."""
        call = self._desk.calls.get(ToolCallId(call_id))
        while call is not None:
            if self.is_present and self.seat.tab.device.id == call.device:
                return await self.delegate.execute_on_frontend(call_id, call.spec.name, call.arguments)
            if self.is_present:
                break
            await self._changed.wait()
        return refusal(IN_DOUBT)
