"""One life of a server: the real conversations and storage on a loop of its own, which a crash leaves as it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

from server.bus.local_changes import LocalChanges
from server.conversations.conversation import Conversation
from server.conversations.handoffs import Handoffs
from server.conversations.reset import Reset
from server.conversations.services import Services
from server.conversations.sessions import SessionManager
from server.core.deadline import Moment
from server.core.identity import Identity
from server.core.session_events import Said
from server.core.session_key import SessionKey
from server.core.usage import Budgets
from server.gateway.hall import Hall
from server.gateway.session_requests import SessionRequests
from server.gateway.transport import MESSAGES
from server.loading import Loading
from server.metrics.measures import Measures
from server.ports import Stores
from server.recovery import go_on
from server.spending import UsageBook
from server.state.shared_state import SharedStates
from server.storage.ledger import SqlLedger
from server.storage.memory_state import MemoryState
from server.storage.sql_conversations import SqlConversations
from server.storage.sql_grants import SqlGrants
from server.storage.sql_usage import SqlUsage
from server.tabs.audience import Audience
from server.tabs.tab import Tab
from shared.errors import RingbackError
from shared.frames import TurnEnded
from shared.ids import ConnectionSignature, MessageId, SessionId
from shared.json_types import JsonObject
from tests.machine.oracle import Oracle
from tests.machine.people import ClientTab
from tests.machine.quick_engine import QuickEngine
from tests.machine.scripted_agent import AgentStore, ScriptedAgent
from tests.machine.virtual_loop import Clock, VirtualLoop

DOZE_AFTER = 30.0
APPROVAL_TIMEOUT = 600.0
CALL_TIMEOUT = 5_000.0
PAST_ITS_END = 400


class ServerLife:
    """From a start to a stop or a crash. ``delay`` gives how long the next step of the storage or the agent takes."""

    def __init__(self, clock: Clock, oracle: Oracle, store: AgentStore, delay: Callable[[], float]) -> None:
        self.loop = VirtualLoop(clock)
        self.loop.set_exception_handler(self._bug)
        self.clock = clock
        self.oracle = oracle
        self.is_alive = True
        self.is_stopping = False
        self.requests: dict[str, SessionRequests] = {}
        self.tabs: dict[str, ClientTab] = {}
        self.handlers: dict[str, set[asyncio.Task[Any]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self.engine = QuickEngine(oracle.database, delay, oracle.committed)
        self.agent = ScriptedAgent(store, oracle, delay)
        self.now(self._build())

    async def _build(self) -> None:
        engine: Any = self.engine
        changes = LocalChanges()
        state = MemoryState()
        self.ledger = SqlLedger(engine)
        stores = Stores(SqlConversations(engine), self.ledger, SqlUsage(engine), cast(Any, state), SqlGrants(engine))

        async def bring() -> Stores:
            return stores

        async def bring_state() -> Any:
            return state

        self.audience = Audience(changes)
        self.stores = Loading("the storage", bring)
        self.services = Services(
            agent=cast(Any, self.agent),
            stores=self.stores,
            states=SharedStates(bring_state, changes),
            book=UsageBook(Budgets()),
            measures=Measures(),
            approval_timeout=APPROVAL_TIMEOUT,
            call_timeout=CALL_TIMEOUT,
            clock=self.moment,
            find_tab=self._find_tab,
            doze_after=DOZE_AFTER,
        )
        # All that may be let go of is: idle time is nothing to test here.
        self.sessions = SessionManager(self.services, idle_time=-1.0)
        self.handoffs = Handoffs(self.moment)
        self.hall = Hall(
            sessions=self.sessions,
            handoffs=self.handoffs,
            reset=Reset(self.sessions, self.services, self.audience),
            states=self.services.states,
            audience=self.audience,
            model=self.agent.model,
            version="0",
            tenants=frozenset(),
            reserved=frozenset(),
            metrics=cast(Any, None),
            grants=cast(Any, None),
            messages=MESSAGES,
        )
        self.recovery = asyncio.create_task(go_on(self.sessions, self.stores, self.moment))

    def moment(self) -> Moment:
        return Moment("boot", self.clock.now)

    def _find_tab(self, identity: Identity, signature: ConnectionSignature) -> Tab | None:
        found = self.audience.find(identity, signature)
        return None if found is None else found.tab

    def _bug(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if self.is_alive and not self.is_stopping:
            # What is still on its way then meets a ledger that is closed, and the next server goes on with it.
            self.oracle.wrong(f"a bug: {context.get('message')} {context.get('exception')!r}")

    # --- how the test drives it ---------------------------------------------------------------------------

    def now(self, work: Coroutine[Any, Any, Any]) -> None:
        """Begin ``work``, and let it run until nothing is under way."""
        self.begin(work)
        self.loop.run_for()

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Have ``work`` done as soon as the loop turns."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def call(self, work: Callable[[], object]) -> None:
        """Do something from within the loop, as a frame that arrives does."""
        self.loop.call_soon(work)

    # --- connections --------------------------------------------------------------------------------------

    def handle(self, tab: ClientTab, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """As :meth:`begin`; it is cancelled with the tab's connection, as a request's handler is."""
        task = self.begin(work)
        handlers = self.handlers.setdefault(tab.signature, set())
        handlers.add(task)
        task.add_done_callback(handlers.discard)
        return task

    def connect(self, tab: ClientTab) -> None:
        identity = tab.person.identity
        self.tabs[tab.signature] = tab
        self.requests[tab.signature] = SessionRequests(
            self.hall, tab.signature, who=lambda _: identity, tab_of=lambda _: cast(Any, tab)
        )
        self.call(lambda: self.audience.join(identity, tab))

    async def request(self, tab: ClientTab, method: str, params: JsonObject) -> JsonObject | RingbackError:
        """What a request is answered; its task ends with the connection's, as a handler's does."""
        requests = self.requests[tab.signature]
        try:
            answer = await requests.methods[method](params)
        except RingbackError as error:
            return error
        self.loop.call_soon(requests.answered, answer)
        return answer

    async def prompt(
        self, tab: ClientTab, session_id: SessionId, message_id: str, text: str
    ) -> TurnEnded | RingbackError:
        try:
            talk = await self.sessions.held(tab.person.identity, tab, session_id)
            return await talk.prompt(Said(MessageId(message_id), text))
        except RingbackError as error:
            return error

    async def cancel(self, tab: ClientTab, session_id: SessionId) -> None:
        talk = await self.sessions.awake(tab.person.identity, tab.signature, session_id)
        if talk is not None:
            await talk.cancel()

    async def leave(self, tab: ClientTab) -> None:
        """The connection is gone, as the gateway sees it."""
        if self.tabs.get(tab.signature) is not tab:
            return
        self.requests[tab.signature].leave()
        self.tabs.pop(tab.signature)
        self.audience.leave(tab.person.identity, tab)
        await self.sessions.leave(tab.signature)
        tab.breaks()
        for task in list(self.handlers.pop(tab.signature, ())):
            task.cancel()

    # --- what the test asks of it -------------------------------------------------------------------------

    def live(self, identity: Identity, session_id: str) -> Conversation | None:
        return self.sessions._live.get(SessionKey(identity, SessionId(session_id)))

    def holder(self, identity: Identity, session_id: str) -> str | None:
        """The connection that holds a conversation; ``None`` if it is away, or the conversation not in memory."""
        talk = self.live(identity, session_id)
        return talk.holding.seat.tab.signature if talk is not None and talk.holding.is_present else None

    # --- its end ------------------------------------------------------------------------------------------

    def crash(self) -> None:
        """Nothing of it ever runs again."""
        self.is_alive = self.oracle.is_over
        self.agent.is_dead = self.engine.is_dead = True

    def stop(self) -> None:
        """As on SIGTERM: turns are stopped, tabs leave, and what waits is written."""
        self.is_stopping = True
        self.loop.run_until(self.begin(self._stop()))
        self.crash()

    async def _stop(self) -> None:
        self.recovery.cancel()
        await self.sessions.close(5)
        for tab in list(self.tabs.values()):
            await self.leave(tab)
        await self.ledger.close(5)

    def dispose(self) -> None:
        """Clear away what a crash left lying about; nothing that it does counts."""
        assert self.oracle.is_over
        self.crash()
        self.loop.set_exception_handler(lambda *_: None)
        for _ in range(5):
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.run_rounds(PAST_ITS_END)
        for task in asyncio.all_tasks(self.loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # asyncio's own way to say that it is meant
        self.loop.close()
