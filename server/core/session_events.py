"""What a conversation's turns may be told, and what is to follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from shared.frames import Problem, Update
from shared.ids import MessageId


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the person, as the session keeps it until its turn ends."""

    message_id: MessageId
    text: str


# --- events -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offered:
    """The person sent a message; it is being stored."""

    said: Said


@dataclass(frozen=True, slots=True)
class Kept:
    """The message that was offered is stored."""

    message_id: MessageId


@dataclass(frozen=True, slots=True)
class Lost:
    """The message that was offered could not be stored: it was never taken."""

    message_id: MessageId


@dataclass(frozen=True, slots=True)
class Yielded:
    """The running turn has something for the tab."""

    update: Update


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """The person wants the running turn, and all that waits behind it, to end."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The running turn is over; ``problem`` when it failed."""

    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Slept:
    """The running turn was stopped, and is to go on when somebody answers."""


@dataclass(frozen=True, slots=True)
class Woken:
    """The turn that sleeps has something to go on with."""


SessionEvent: TypeAlias = Offered | Kept | Lost | Yielded | CancelAsked | Finished | Slept | Woken

# --- effects ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartTurn:
    """Begin a turn for this message."""

    said: Said


@dataclass(frozen=True, slots=True)
class ContinueTurn:
    """Go on with the turn of this message, which was begun before."""

    said: Said


@dataclass(frozen=True, slots=True)
class KeepCancel:
    """Store that the turn of this message, which has begun, is to end as cancelled."""

    message_id: MessageId


@dataclass(frozen=True, slots=True)
class Send:
    """Send the ``seq``-th update."""

    seq: int
    update: Update


@dataclass(frozen=True, slots=True)
class RefuseBusy:
    """Too many messages wait: this one was not taken."""

    message_id: MessageId


@dataclass(frozen=True, slots=True)
class RefuseRepeat:
    """The message was taken before: it starts nothing."""

    message_id: MessageId


SessionEffect: TypeAlias = StartTurn | ContinueTurn | KeepCancel | Send | RefuseBusy | RefuseRepeat
