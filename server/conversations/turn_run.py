"""Runs a turn: from where it begins, or goes on, to where it ends or is stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from server.context import SessionContext, Told, TurnContext, bound
from server.conversations.holding import Holding
from server.conversations.services import Services
from server.conversations.telling import Telling
from server.core.remembered import TurnUsage
from server.core.session_events import Said
from server.ledger import Ledger
from server.metrics.measures import Count
from server.metrics.stopwatch import Stopwatch
from server.spending import PersonUsage
from server.tabs.approvals import Approvals
from shared.errors import ProtocolError, RingbackError, TurnFailedError
from shared.frames import Problem, Update
from shared.todos import Todo
from shared.usage import TokenUsage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stretch:
    """How a run came to its end: ``problem`` when the turn failed; ``used`` for the books, ``None`` for nothing.

    ``is_stopped``: the turn is not over, and goes on another time.
    """

    problem: Problem | None = None
    used: TurnUsage | None = None
    is_stopped: bool = False


class TurnRunner:
    """Runs the turns of one conversation, one at a time."""

    def __init__(
        self,
        context: SessionContext,
        services: Services,
        *,
        holding: Holding,
        approvals: Approvals,
        ledger: Callable[[], Ledger],
        telling: Telling,
        emit: Callable[[Update], None],
        plan: Callable[[tuple[Todo, ...]], Awaitable[None]],
    ) -> None:
        """``emit`` tells an update; ``plan`` keeps and tells new todos."""
        self._context = context
        self._services = services
        self._holding = holding
        self._approvals = approvals
        self._ledger = ledger
        self._telling = telling
        self._emit = emit
        self._plan = plan
        self._person: PersonUsage | None = None

    async def run(self, said: Said, abort: asyncio.Event, told: Told | None) -> Stretch:
        """Answer ``said`` until the end, or until ``abort`` is set; with ``told``, go on. Cancelling it stops it."""
        is_stopped = False
        problem: Problem | None = None
        turn: TurnContext | None = None
        watch = Stopwatch(self._services.measures)
        try:
            turn = await self._begin(said, abort, told)
            if turn is not None:
                with bound(turn):
                    watch.bound()
                    async for update in self._services.agent.run(turn):
                        watch.spoken()
                        self._emit(update)
                        await turn.room()
        except asyncio.CancelledError:
            is_stopped = True
        except RingbackError as error:
            problem = Problem(error.code if isinstance(error, ProtocolError) else TurnFailedError.code, str(error))
        except Exception:
            logger.exception("a bug ended the turn %s of %s", said.message_id, self._context.session_id)
            problem = Problem(TurnFailedError.code, "The turn failed inside Ringback; the log says more.")
        used = None if turn is None else self._booked(turn)
        watch.over(problem, is_cancelled=abort.is_set())
        return Stretch(problem, used, is_stopped)

    async def _begin(self, said: Said, abort: asyncio.Event, told: Told | None) -> TurnContext | None:
        person = await self._used_before(abort)
        if person is None:
            return None
        used = TokenUsage() if told is None else await self._ledger().used(self._context.key, said.message_id)
        return TurnContext(
            session=self._context,
            message_id=said.message_id,
            text=said.text,
            delegate=self._holding.delegate,
            approvals=self._approvals,
            shared_state=self._services.states.of(self._context.identity, self._holding.seat.tab.signature),
            spending=self._services.book.begin(person, used),
            room=partial(self._telling.room, abort),
            plan=self._plan,
            told=told,
            abort=abort,
        )

    async def _used_before(self, give_up: asyncio.Event) -> PersonUsage | None:
        """What the person used so far, held for as long as the conversation lives; ``None`` once ``give_up`` is set."""
        if self._person is None:
            stores = await self._services.stores.get_unless(give_up)
            if stores is None:
                return None
            self._person = await self._services.book.person(self._context.identity, stores.usage.of_user)
        return self._person

    def _booked(self, turn: TurnContext) -> TurnUsage | None:
        used = turn.spending.turn
        for kind, amount in (("prompt", used.prompt), ("completion", used.completion)):
            self._services.measures.count(Count.TOKENS, amount, kind=kind)
        model = self._services.agent.model.name
        return TurnUsage(turn.message_id, model, used, datetime.now(UTC)) if used.total else None
