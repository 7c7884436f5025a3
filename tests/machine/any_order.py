"""The machine: people, their devices and connections, and a server that may crash, in any order of events."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from itertools import count, cycle

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.conversations.leasing import opens
from server.core.canonical import arguments_hash
from server.core.identity import Identity
from server.core.session import MAX_WAITING
from shared.errors import HandoffCodeError, RingbackError, SessionBusyError, SessionHeldError, UnknownSessionError
from shared.frames import ApprovalAnswered, Choice, Device, TurnEnded
from shared.ids import SessionId
from shared.json_types import JsonObject
from tests.machine.oracle import SETTLED, CallKey, Oracle
from tests.machine.people import ClientTab, Person, Question
from tests.machine.quick_engine import empty_database
from tests.machine.scripted_agent import FRONTEND, AgentStore, Ask, Step
from tests.machine.server_life import APPROVAL_TIMEOUT, ServerLife
from tests.machine.virtual_loop import Clock
from tests.server.services_for_tests import ADA, BOB

MANY = 12
"""More tabs than that at once show nothing more."""

asks = st.builds(
    Ask,
    st.sampled_from([*FRONTEND, *FRONTEND, "forget", "calculate"]),
    st.sampled_from(["one", "two", "three"]),
    st.integers(0, 3),
)
scripts = st.lists(
    st.one_of(st.sampled_from(["Good.", "Well, then."]), st.lists(asks, min_size=1, max_size=3).map(tuple)),
    min_size=1,
    max_size=3,
).map(tuple)
pauses = st.one_of(st.none(), st.integers(0, 40))
"""After a rule: until all is quiet (``None``), or only so many rounds of the loop."""
picks = st.integers(0, 30)
choices = st.sampled_from([None, *Choice, Choice.ALLOW_ONCE, Choice.ALLOW_ONCE])
edits = st.sampled_from([None, None, 0, 1, 2])
delays = st.lists(st.sampled_from([0.0, 0.0, 0.01, 0.05]), min_size=1, max_size=6)

totals: Counter[str] = Counter()
"""How much was done, over all examples of this process."""


class _Errors(logging.Handler):
    """What the server logs as an error is wrong."""

    def __init__(self, oracle: Oracle, lives: list[ServerLife]) -> None:
        super().__init__(logging.ERROR)
        self.oracle = oracle
        self.lives = lives

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if self.lives and self.lives[-1].is_stopping and self.lives[-1].is_alive:
            return
        self.oracle.wrong(f"logged: {record.getMessage()} {error!r}")


def _device(name: str) -> Device:
    return Device(name, name.upper(), "pc")


class AnyOrder(RuleBasedStateMachine):
    """Each rule does one thing, and lets the server go on for as long as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.oracle = Oracle(empty_database())
        self.store = AgentStore()
        one_tool = dict(list(FRONTEND.items())[:1])
        self.people = [
            Person(ADA, _device("a"), FRONTEND, self.oracle),
            Person(ADA, _device("b"), FRONTEND, self.oracle),
            Person(ADA, _device("c"), one_tool, self.oracle),
            Person(BOB, _device("d"), FRONTEND, self.oracle),
        ]
        self.numbers = count(1)
        self.lives: list[ServerLife] = []
        self.errors = _Errors(self.oracle, self.lives)
        logging.getLogger("server").addHandler(self.errors)
        self.tabs: list[ClientTab] = []
        self.owners: dict[str, Identity] = {}
        self.said: dict[str, tuple[str, str]] = {}
        self.secrets: dict[str, list[str]] = {}
        self.codes: list[tuple[str, str, Identity, float, ServerLife]] = []
        self.used: set[str] = set()
        self.latest: dict[CallKey, Question] = {}
        self.chosen: dict[CallKey, ClientTab] = {}
        self.is_quiet = True

    @initialize(delays=delays, script=scripts, pause=pauses)
    def begin(self, delays: list[float], script: tuple[Step, ...], pause: int | None) -> None:
        self.next_delay = cycle(delays)
        self.start()
        for person in (0, 1, 3):
            self.connect(person)
        self.server.now(self.begins(self.tabs[0]))
        self.a_new_message(self.tabs[0], self.held_by(self.tabs[0], 0), script, is_alone=False)
        self.let_run(pause)

    # --- what the rules are made of -----------------------------------------------------------------------

    @property
    def server(self) -> ServerLife:
        return self.lives[-1]

    @property
    def is_up(self) -> bool:
        return bool(self.lives) and self.server.is_alive

    def start(self) -> None:
        self.lives.append(ServerLife(self.clock, self.oracle, self.store, lambda: next(self.next_delay)))

    def connect(self, person: int) -> ClientTab:
        life = self.server
        tab = ClientTab(
            self.people[person], f"tab-{next(self.numbers)}", self.shown, lambda: life is self.server and life.is_alive
        )
        life.connect(tab)
        self.tabs.append(tab)
        return tab

    def let_run(self, pause: int | None) -> None:
        if not self.is_up:
            return
        if pause is None:
            self.server.loop.run_for()
            self.is_quiet = True
        else:
            self.server.loop.run_rounds(pause + 1)
            self.is_quiet = False
        self.check()

    def tab(self, pick: int) -> ClientTab | None:
        return self.tabs[pick % len(self.tabs)] if self.tabs else None

    def hearing_tab(self, pick: int) -> ClientTab | None:
        tabs = [tab for tab in self.tabs if not tab.is_deaf]
        holders = {self.holder(name) for name in self.owners}
        tabs += 3 * [tab for tab in tabs if tab.signature in holders]
        return tabs[pick % len(tabs)] if tabs else None

    def session(self, pick: int) -> SessionId | None:
        names = [*self.owners]
        return SessionId(names[pick % len(names)]) if names else None

    def held_by(self, tab: ClientTab, pick: int) -> SessionId | None:
        """One that the tab believes to hold; any other if it holds none."""
        names = [name for name, talk in tab.talks.items() if talk.opening and not talk.is_moved]
        return names[pick % len(names)] if names else self.session(pick)

    def shown(self, question: Question) -> str:  # noqa: PLR0911  (one return for each reason)
        """A tab shows a question. Why it is not to be shown there; empty if it is."""
        totals["shown"] += 1
        tab, approval, key = question.tab, question.approval, question.key
        session = approval.session_id
        owner = self.owners.get(session, tab.person.identity)
        if tab.person.identity != owner:
            return "row 4: another person's"
        if approval.arguments_hash != arguments_hash(approval.arguments):
            return "row 7: the hash is another's"
        if key is None:
            if not any((k.session, k.call) == (session, approval.call_id) for k in self.oracle.calls):
                return "row 11: not committed"
            # It ended on its way here, and is withdrawn right after.
            return ""
        if self.oracle.calls[key].hash != approval.arguments_hash:
            return "row 7: something else is committed"
        talk = self.server.live(owner, session)
        question.seat = None if talk is None else talk.holding.seat
        before, self.latest[key] = self.latest.get(key), question
        chosen = self.chosen.get(key)
        if chosen is not None and chosen is not tab:
            return "row 4: another device was chosen"
        if chosen is None and (talk is None or talk.holding.seat.tab.signature != tab.signature):
            return "row 4: another tab holds it"
        if chosen is None and tab.talk(session).is_moved:
            return "row 4: it was told that it holds it no more"
        is_again = before is not None and before.tab is tab and before.seat is question.seat
        return "row 11: asked twice" if is_again and before is not None and before.is_open else ""

    def check(self) -> None:
        """Nothing was wrong so far."""
        assert not self.oracle.wrongs, "\n".join(self.oracle.wrongs)

    def holder(self, session: str) -> str | None:
        return self.server.holder(self.owners[session], session)

    # --- connections --------------------------------------------------------------------------------------

    @precondition(lambda self: self.is_up and len(self.tabs) < MANY)
    @rule(person=st.integers(0, 3))
    def a_tab_is_opened(self, person: int) -> None:
        self.connect(person)
        self.let_run(None)

    @precondition(lambda self: self.is_up and self.tabs)
    @rule(pick=picks, pause=pauses)
    def a_connection_is_lost(self, pick: int, pause: int | None) -> None:
        self.loses(self.tabs[pick % len(self.tabs)])
        self.let_run(pause)

    @precondition(lambda self: self.is_up and self.tabs)
    @rule(pick=picks)
    def a_connection_is_half_open(self, pick: int) -> None:
        tab = self.tabs[pick % len(self.tabs)]
        tab.is_deaf = True
        for question in tab.questions:
            question.is_open = False

    @precondition(lambda self: self.is_up and self.tabs)
    @rule(pick=picks, is_stuck=st.booleans(), pause=pauses)
    def a_tab_reads_slowly(self, pick: int, is_stuck: bool, pause: int | None) -> None:
        tab = self.tabs[pick % len(self.tabs)]
        if is_stuck:
            tab.unstuck.clear()
        else:
            self.server.call(tab.unstuck.set)
            self.let_run(pause)

    @precondition(lambda self: self.is_up)
    @rule(person=st.integers(0, 3), pause=pauses)
    def a_device_starts_anew(self, person: int, pause: int | None) -> None:
        self.people[person].restart()
        for tab in [tab for tab in self.tabs if tab.person is self.people[person]]:
            tab.is_deaf = True
            self.loses(tab)
        self.let_run(pause)

    def loses(self, tab: ClientTab) -> None:
        self.tabs.remove(tab)
        self.server.begin(self.leave(tab))

    async def leave(self, tab: ClientTab) -> None:
        self.chosen = {key: other for key, other in self.chosen.items() if other is not tab}
        await self.server.leave(tab)

    # --- conversations ------------------------------------------------------------------------------------

    @precondition(lambda self: self.is_up and self.tabs and len(self.owners) < 4)
    @rule(pick=picks, pause=pauses)
    def a_conversation_is_begun(self, pick: int, pause: int | None) -> None:
        tab = self.hearing_tab(pick)
        if tab is not None:
            self.server.handle(tab, self.begins(tab))
        self.let_run(pause)

    async def begins(self, tab: ClientTab) -> None:
        answer = await self.server.request(tab, "session/new", {"cwd": "/", "mcpServers": []})
        assert not isinstance(answer, RingbackError)
        name = SessionId(str(answer["sessionId"]))
        self.owners[name] = tab.person.identity
        talk = tab.talk(name)
        talk.next_seq, talk.opening = 1, 1
        self.granted(tab, name, answer)

    @precondition(lambda self: self.is_up and self.tabs and self.owners)
    @rule(
        pick=picks,
        which=picks,
        how=st.sampled_from(["load", "resume", "resume"]),
        right=st.sampled_from(["none", "secret", "wrong", "take over"]),
        since=st.sampled_from(["own", "older", "future", "nothing"]),
        pause=pauses,
    )
    def a_conversation_is_opened(  # noqa: PLR0917
        self, pick: int, which: int, how: str, right: str, since: str, pause: int | None
    ) -> None:
        tab, name = self.hearing_tab(pick), self.session(which)
        if tab is None or name is None or not self.may_open_again(tab, name):
            return
        after = {"own": tab.talk(name).last_seq, "older": tab.talk(name).last_seq // 2, "future": 10_000}.get(since)
        self.open_it(tab, name, how, right, after, is_alone=self.is_quiet and pause is None)
        self.let_run(pause)

    def may_open_again(self, tab: ClientTab, name: SessionId) -> bool:
        """No client asks for what it has on this connection while it is still being told."""
        return not tab.talk(name).opening or (self.is_quiet and tab.unstuck.is_set() and not tab.talk(name).under_way)

    def open_it(
        self, tab: ClientTab, name: SessionId, how: str, right: str, after: int | None, *, is_alone: bool
    ) -> asyncio.Task[None]:
        meta: JsonObject = {} if after is None else {"ringback/lastSeq": after}
        secrets = self.secrets.get(name, [])
        if right == "take over":
            meta["ringback/takeOver"] = True
        elif right != "none":
            meta["ringback/leaseSecret"] = secrets[-1] if right == "secret" and secrets else "a guess"
        talk = self.server.live(self.owners[name], name)
        has_right = right == "take over" or (
            right == "secret" and bool(secrets) and talk is not None and opens(talk.holding.lease, secrets[-1])
        )
        holder = self.holder(name)
        is_free = holder is None or holder == tab.signature or has_right
        return self.server.handle(tab, self.opens(tab, name, how, meta, is_free or not is_alone))

    async def opens(self, tab: ClientTab, name: SessionId, how: str, meta: JsonObject, may: bool) -> None:
        totals["openings"] += 1
        talk, after = tab.talk(name), meta.get("ringback/lastSeq")
        talk.opening += 1
        talk.under_way += 1
        talk.next_seq = 1 if how == "load" else after + 1 if isinstance(after, int) else None
        params: JsonObject = {"sessionId": name, "cwd": "/", "mcpServers": [], "_meta": meta}
        try:
            answer = await self.server.request(tab, f"session/{how}", params)
        finally:
            talk.under_way -= 1
        if isinstance(answer, RingbackError):
            talk.next_seq = None
            if not isinstance(answer, SessionHeldError | UnknownSessionError):
                self.oracle.wrong(f"opening {name} was answered {answer!r}")
            return
        if not may:
            self.oracle.wrong(f"row 10: {tab.signature} took {name} without the right to")
        if tab.person.identity != self.owners[name]:
            self.oracle.wrong(f"row 5: {tab.signature} took another person's {name}")
        self.granted(tab, name, answer)
        if isinstance(answer["_meta"], dict) and answer["_meta"].get("ringback/replay") == "gap":
            talk.next_seq = None
            await self.opens(tab, name, "load", {}, may=True)

    def granted(self, tab: ClientTab, name: SessionId, answer: JsonObject) -> None:
        meta = answer["_meta"]
        assert isinstance(meta, dict)
        talk = tab.talk(name)
        talk.epoch, talk.is_moved = int(str(meta["ringback/epoch"])), False
        self.secrets.setdefault(name, []).append(str(meta["ringback/leaseSecret"]))

    @precondition(lambda self: self.is_up and self.tabs and self.owners)
    @rule(pick=picks, which=picks, pause=pauses)
    def a_conversation_is_closed(self, pick: int, which: int, pause: int | None) -> None:
        tab = self.hearing_tab(pick)
        name = None if tab is None else self.held_by(tab, which)
        if tab is not None and name is not None:
            self.server.handle(tab, self.server.request(tab, "session/close", {"sessionId": name}))
        self.let_run(pause)

    # --- messages -----------------------------------------------------------------------------------------

    @precondition(lambda self: self.is_up and self.tabs and self.owners)
    @rule(pick=picks, which=picks, script=scripts, pause=pauses)
    def a_message_is_sent(
        self, pick: int, which: int, script: tuple[str | tuple[Ask, ...], ...], pause: int | None
    ) -> None:
        tab = self.hearing_tab(pick)
        name = None if tab is None else self.held_by(tab, which)
        if tab is not None:
            self.a_new_message(tab, name, script, is_alone=self.is_quiet and pause is None)
        self.let_run(pause)

    def a_new_message(
        self, tab: ClientTab, name: SessionId | None, script: tuple[Step, ...], *, is_alone: bool
    ) -> None:
        if name is not None:
            message = f"message-{next(self.numbers)}"
            self.store.scripts[message] = script
            self.said[message] = (name, f"text of {message}")
            self.says(tab, name, message, is_alone=is_alone)

    @precondition(lambda self: self.is_up and self.tabs and self.said)
    @rule(pick=picks, which=picks, pause=pauses)
    def a_message_is_sent_again(self, pick: int, which: int, pause: int | None) -> None:
        tab = self.hearing_tab(pick)
        if tab is not None:
            message = [*self.said][which % len(self.said)]
            self.says(tab, SessionId(self.said[message][0]), message, is_alone=self.is_quiet and pause is None)
        self.let_run(pause)

    def says(self, tab: ClientTab, name: SessionId, message: str, *, is_alone: bool) -> None:
        may = self.holder(name) in {None, tab.signature} and tab.person.identity == self.owners[name]
        self.server.handle(tab, self.prompts(tab, name, message, may=may or not is_alone))

    async def prompts(self, tab: ClientTab, name: SessionId, message: str, *, may: bool) -> None:
        totals["messages"] += 1
        ended = await self.server.prompt(tab, name, message, self.said[message][1])
        if isinstance(ended, TurnEnded):
            if not may:
                self.oracle.wrong(f"row 10: {tab.signature} sent {message} to {name}, which it does not hold")
            if self.oracle.turns.get((name, message)) != ("ended", ended.stop_reason):
                self.oracle.wrong(f"row 1: {message} was answered {ended}, which is not committed")
        elif isinstance(ended, SessionBusyError):
            if self.unfinished(name) < MAX_WAITING:
                self.oracle.wrong(f"{message} was refused, though only {self.unfinished(name)} are not over")
        elif not isinstance(ended, SessionHeldError | UnknownSessionError):
            self.oracle.wrong(f"{message} was answered {ended!r}")

    def unfinished(self, name: SessionId) -> int:
        """How many messages of the conversation are taken and not over, as far as it is committed."""
        turns = self.oracle.turns.items()
        return sum(session == name and state != "ended" for (session, _), (state, _) in turns)

    @precondition(lambda self: self.is_up and self.tabs and self.owners)
    @rule(pick=picks, which=picks, pause=pauses)
    def a_turn_is_cancelled(self, pick: int, which: int, pause: int | None) -> None:
        tab = self.hearing_tab(pick)
        name = None if tab is None else self.held_by(tab, which)
        if tab is not None and name is not None:
            self.server.handle(tab, self.server.cancel(tab, name))
        self.let_run(pause)

    # --- questions ----------------------------------------------------------------------------------------

    def questions(self, *, is_open: bool) -> list[Question]:
        return [q for tab in self.tabs if not tab.is_deaf for q in tab.questions if q.is_open or not is_open]

    @precondition(lambda self: self.is_up and self.questions(is_open=True))
    @rule(pick=picks, choice=choices, edit=edits, times=st.integers(1, 2), pause=pauses)
    def a_question_is_answered(
        self, pick: int, choice: Choice | None, edit: int | None, times: int, pause: int | None
    ) -> None:
        questions = self.questions(is_open=True)
        for _ in range(times):
            self.server.call(self.saying(questions[pick % len(questions)], choice, edit))
        self.let_run(pause)

    @precondition(lambda self: self.is_up and self.questions(is_open=False))
    @rule(pick=picks, choice=choices, edit=edits, pause=pauses)
    def a_question_is_answered_late(
        self, pick: int, choice: Choice | None, edit: int | None, pause: int | None
    ) -> None:
        """It was asked long ago: it is answered already, withdrawn, or asked in another tab by now."""
        questions = self.questions(is_open=False)
        self.server.call(self.saying(questions[pick % len(questions)], choice, edit))
        self.let_run(pause)

    @precondition(lambda self: self.is_up and self.questions(is_open=True))
    @rule(pick=picks, other=picks, pause=pauses)
    def another_device_is_to_be_asked(self, pick: int, other: int, pause: int | None) -> None:
        questions = self.questions(is_open=True)
        self.server.call(self.saying(questions[pick % len(questions)], None, None, self.tabs[other % len(self.tabs)]))
        self.let_run(pause)

    @precondition(lambda self: self.is_up and self.questions(is_open=True))
    @rule(pick=picks, pause=pauses)
    def a_question_is_allowed(self, pick: int, pause: int | None) -> None:
        questions = self.questions(is_open=True)
        self.server.call(self.saying(questions[pick % len(questions)], Choice.ALLOW_ONCE, None))
        self.let_run(pause)

    def saying(
        self, question: Question, choice: Choice | None, edit: int | None, other: ClientTab | None = None
    ) -> Callable[[], None]:
        """What the arrival of an answer does."""
        arguments: JsonObject | None = None if edit is None else {"number": edit}

        def say() -> None:
            tab, key = question.tab, question.key
            if tab.is_gone or tab.is_deaf or question.is_said:
                # A second answer to one question is dropped by the gateway.
                return
            totals["answers"] += 1
            is_entitled = key is not None and self.is_entitled(question, key)
            row = None if key is None else self.oracle.calls[key].state
            self.oracle.notes.append(
                f"{question.approval.call_id} is {row}, answered {choice} in {tab.signature}: {is_entitled}, "
                f"latest {key is not None and self.latest.get(key) is question}, said {question.is_said}"
            )
            if key is not None and is_entitled:
                if other is not None:
                    self.sends(key, tab, other)
                else:
                    if choice is None and self.chosen.get(key) is tab:
                        del self.chosen[key]
                    self.oracle.answered(key, choice, arguments, question.approval.choices)
            question.is_open, question.is_said = False, True
            device = None if other is None else other.signature
            question.answered(ApprovalAnswered(question.approval.call_id, choice, arguments, "", device))

        return say

    def is_entitled(self, question: Question, key: CallKey) -> bool:
        """Whether what is answered there, counts."""
        if self.latest.get(key) is not question or self.oracle.calls[key].state != "shown":
            return False
        if key in self.chosen:
            return self.chosen[key] is question.tab
        if question.is_said or self.holder(key.session) != question.tab.signature:
            return False
        # The same tab may have taken it anew: it is asked again then, and what it says to the question before is late.
        talk = self.server.live(self.owners[key.session], key.session)
        return talk is not None and question.seat is talk.holding.seat

    def sends(self, key: CallKey, tab: ClientTab, other: ClientTab) -> None:
        """The person wants another device to be asked; passed on from there, the question comes back."""
        is_there = other in self.tabs and self.oracle.calls[key].name in other.tools
        is_own = other.person.identity == tab.person.identity and other is not tab
        if self.chosen.pop(key, None) is None and is_there and is_own:
            self.chosen[key] = other

    # --- tools --------------------------------------------------------------------------------------------

    @property
    def runs(self) -> list[tuple[Person, str]]:
        return [(person, run.call.claim) for person in self.people for run in person.under_way]

    @precondition(lambda self: self.is_up and self.runs)
    @rule(pick=picks, succeeds=st.booleans(), pause=pauses)
    def a_tool_ends(self, pick: int, succeeds: bool, pause: int | None) -> None:
        person, claim = self.runs[pick % len(self.runs)]
        self.server.call(lambda: person.end(person.journal[claim], {"success": succeeds}))
        self.let_run(pause)

    # --- handing over -------------------------------------------------------------------------------------

    @precondition(lambda self: self.is_up and self.tabs and self.owners)
    @rule(pick=picks, which=picks, to=st.one_of(st.none(), picks), pause=pauses)
    def a_code_is_asked_for(self, pick: int, which: int, to: int | None, pause: int | None) -> None:
        tab = self.hearing_tab(pick)
        name = None if tab is None else self.held_by(tab, which)
        if tab is not None and name is not None:
            other = None if to is None else self.tabs[to % len(self.tabs)]
            self.server.handle(tab, self.offers(tab, name, other))
        self.let_run(pause)

    async def offers(self, tab: ClientTab, name: SessionId, other: ClientTab | None) -> None:
        params: JsonObject = {"sessionId": name, **({} if other is None else {"to": other.signature})}
        answer = await self.server.request(tab, "_ringback/session/handoff", params)
        if not isinstance(answer, RingbackError):
            self.codes.append((name, str(answer["code"]), tab.person.identity, self.clock.now, self.server))

    @precondition(lambda self: self.is_up and self.tabs and self.codes)
    @rule(pick=picks, which=picks, pause=pauses)
    def a_code_is_used(self, pick: int, which: int, pause: int | None) -> None:
        tab = self.hearing_tab(pick)
        if tab is not None and self.may_open_again(tab, SessionId(self.codes[which % len(self.codes)][0])):
            self.server.handle(tab, self.redeems(tab, *self.codes[which % len(self.codes)]))
        self.let_run(pause)

    async def redeems(  # noqa: PLR0917
        self, tab: ClientTab, session: str, code: str, owner: Identity, since: float, life: ServerLife
    ) -> None:
        name = SessionId(session)
        talk = tab.talk(name)
        talk.opening += 1
        talk.under_way += 1
        talk.next_seq = 1
        may = code not in self.used and tab.person.identity == owner and self.clock.now - since < 300
        may = may and life is self.server
        try:
            answer = await self.server.request(tab, "_ringback/session/redeem", {"code": code, "cwd": "/"})
        finally:
            talk.under_way -= 1
        if isinstance(answer, RingbackError):
            talk.next_seq = None
            if not isinstance(answer, HandoffCodeError | UnknownSessionError):
                self.oracle.wrong(f"a code was answered {answer!r}")
            return
        if not may:
            self.oracle.wrong(f"row 4: {tab.signature} used a code that it may not use")
        self.used.add(code)
        self.granted(tab, name, answer)

    # --- time, and the server -----------------------------------------------------------------------------

    @precondition(lambda self: self.is_up)
    @rule(seconds=st.sampled_from([6.0, 31.0, 31.0, 301.0, APPROVAL_TIMEOUT + 1]))
    def time_passes(self, seconds: float) -> None:
        self.server.loop.run_for(seconds)
        self.let_run(None)

    @precondition(lambda self: self.is_up)
    @rule(pause=pauses)
    def what_is_idle_is_let_go_of(self, pause: int | None) -> None:
        self.server.begin(self.server.sessions.cleanup_inactive())
        self.let_run(pause)

    @precondition(lambda self: self.is_up and self.is_busy)
    @rule(rounds=st.integers(0, 40))
    def the_server_crashes(self, rounds: int) -> None:
        self.server.loop.run_rounds(rounds + 1)
        self.check()
        totals["crashes"] += 1
        self.server.crash()
        self.is_gone()

    @precondition(lambda self: self.is_up and self.is_busy)
    @rule()
    def the_server_is_stopped(self) -> None:
        totals["stops"] += 1
        for person, claim in self.runs:
            self.server.call(lambda p=person, c=claim: p.end(p.journal[c], {"success": True}))  # type: ignore[misc]
        self.server.stop()
        self.is_gone()

    @property
    def is_busy(self) -> bool:
        """Whether there is anything to be lost."""
        return not self.is_quiet or not self.all_is_over()

    def is_gone(self) -> None:
        """Every connection is gone with the server, and what it had not committed."""
        self.check()
        for tab in self.tabs:
            tab.is_gone = True
            for question in tab.questions:
                question.is_open = False
        for person in self.people:
            for run in person.journal.values():
                run.waiting.clear()
        self.tabs.clear()
        self.chosen.clear()
        self.oracle.forgotten()

    @precondition(lambda self: self.lives and not self.is_up)
    @rule(seconds=st.sampled_from([0.0, 0.0, APPROVAL_TIMEOUT + 1]), resumes=st.booleans(), pause=pauses)
    def the_server_is_started(self, seconds: float, resumes: bool, pause: int | None) -> None:
        self.clock.now += seconds
        self.start()
        for person in (0, 1):
            self.connect(person)
        for name, owner in self.owners.items() if resumes else ():
            if owner == ADA:
                self.open_it(self.tabs[0], SessionId(name), "resume", "none", 0, is_alone=False)
        self.let_run(pause)

    # --- what holds always --------------------------------------------------------------------------------

    @invariant()
    def nothing_is_wrong(self) -> None:
        totals["steps"] += 1
        self.check()
        if self.is_up:
            seats = Counter(key for tab in self.tabs for key in self.held_keys(tab))
            twice = [key for key, times in seats.items() if times > 1]
            assert not twice, f"{twice} are held by two connections"
        if self.is_up and self.is_quiet:
            self.is_asked_once()

    def held_keys(self, tab: ClientTab) -> list[str]:
        return [name for name in self.owners if self.holder(name) == tab.signature]

    def is_asked_once(self) -> None:
        """Row 11: what is open is asked in the tab that holds the conversation."""
        for key, row in self.oracle.calls.items():
            holder = self.holder(key.session) if row.state == "shown" else None
            tab = next((tab for tab in self.tabs if tab.signature == holder), None)
            if tab is None or tab.is_deaf or not tab.unstuck.is_set() or key in self.chosen:
                continue
            asked = [question for question in tab.open_questions if question.key == key]
            assert asked, f"row 11: {key} is open and not asked in {holder}"

    # --- the end ------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Everyone answers, all devices come back, and all is let run to its end."""
        try:
            if self.lives:
                self.ends()
        finally:
            totals["examples"] += 1
            self.oracle.is_over = True
            logging.getLogger("server").removeHandler(self.errors)
            for life in self.lives:
                life.dispose()

    def ends(self) -> None:
        self.check()
        if not self.is_up:
            self.start()
        for tab in list(self.tabs):
            tab.unstuck.set()
            if tab.is_deaf:
                self.loses(tab)
        self.let_run(None)
        for name, owner in self.owners.items():
            tab = self.connect(next(i for i, person in enumerate(self.people) if person.identity == owner))
            self.let_run(None)
            self.open_it(tab, SessionId(name), "load", "take over", None, is_alone=False)
            self.let_run(None)
        for _ in range(60):
            for person, claim in self.runs:
                self.server.call(lambda p=person, c=claim: p.end(p.journal[c], {"success": True}))  # type: ignore[misc]
            for question in self.questions(is_open=True):
                self.server.call(self.saying(question, Choice.ALLOW_ONCE, None))
            self.let_run(None)
            if not self.runs and not self.questions(is_open=True) and self.all_is_over():
                break
            self.server.loop.run_for(6)
        self.check()
        self.oracle.ended()
        self.check()
        unanswered = [task for tasks in self.server.handlers.values() for task in tasks if not task.done()]
        assert not unanswered, f"row 12: requests were never answered: {unanswered}"
        running = [str(talk.key.session_id) for talk in self.server.sessions.live if talk.is_running]
        assert not running, f"row 12: {running} never came to rest"

    def all_is_over(self) -> bool:
        calls = all(row.state in SETTLED for row in self.oracle.calls.values())
        return calls and all(state == "ended" for state, _ in self.oracle.turns.values())
