"""Counts the tokens of turns, sessions and people as they are used, and holds them against the budgets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from weakref import WeakValueDictionary

from server.core.identity import Identity
from server.core.usage import Budgets
from shared.errors import BudgetSpentError
from shared.usage import TokenUsage

SumOf = Callable[[Identity, datetime | None], Awaitable[TokenUsage]]
"""What a person used since a moment in UTC, or ever, as it is stored."""


NOTHING = TokenUsage()


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(eq=False, slots=True, weakref_slot=True)
class PersonUsage:
    """What one person used in all, and on the day ``day`` in UTC. Shared by all of their turns in this server."""

    ever: TokenUsage
    today: TokenUsage
    day: date

    def add(self, used: TokenUsage, day: date) -> None:
        """Count; a new day begins at nothing."""
        self.ever += used
        self.today = self.today_at(day) + used
        self.day = day

    def today_at(self, day: date) -> TokenUsage:
        """What was used on ``day``."""
        return self.today if day == self.day else TokenUsage()


@dataclass(eq=False, slots=True)
class Spending:
    """The tokens of one turn: those since it began, or went on, and those ``before``, which are in the books."""

    budgets: Budgets
    person: PersonUsage
    now: Callable[[], datetime] = _now
    turn: TokenUsage = field(default_factory=TokenUsage)
    before: TokenUsage = field(default_factory=TokenUsage)

    def add(self, used: TokenUsage) -> None:
        """Count what one answer of the model used."""
        self.turn += used
        self.person.add(used, self.now().date())

    def check(self) -> None:
        """Let the model be asked once more.

        Raises:
            BudgetSpentError: if a budget is used up; the sentence names it.
        """
        spent = self.budgets.spent(turn=self.before + self.turn, today=self.person.today_at(self.now().date()))
        if spent is not None:
            raise BudgetSpentError(spent)


class UsageBook:
    """Knows what each person used, for as long as one of their conversations is live; read from storage once."""

    def __init__(self, budgets: Budgets, *, now: Callable[[], datetime] = _now) -> None:
        self._budgets = budgets
        self._now = now
        self._people: WeakValueDictionary[Identity, PersonUsage] = WeakValueDictionary()

    async def person(self, identity: Identity, stored: SumOf) -> PersonUsage:
        """The record of a person, the same object for all who hold it."""
        known = self._people.get(identity)
        if known is not None:
            return known
        today = self._now().date()
        ever = await stored(identity, None)
        of_today = await stored(identity, datetime.combine(today, time(), UTC))
        # Another turn of the person may have been quicker, and counted already.
        return self._people.setdefault(identity, PersonUsage(ever, of_today, today))

    def begin(self, person: PersonUsage, before: TokenUsage = NOTHING) -> Spending:
        """The spending of a turn that begins, or goes on after it used what is in the books, ``before``."""
        return Spending(self._budgets, person, self._now, before=before)
