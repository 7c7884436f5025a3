"""The life of one tool call: everything that may happen to it is in one table.

::

                                    ask                  release
                         ┌───────────────────┐  ┌────────────────┐
                         ▼                   │  ▼                │
    REQUESTED ──ask──► SHOWN ──approve──► APPROVED ──claim──► CLAIMED ──succeed──► DONE
        │                │                   ▲  │                ├───────fail──────► FAILED
        │                │                   │  │                └───────lose──────► IN_DOUBT
        ├──────allow─────┼───────────────────┘  │
        ├──deny──────────┼──reject──► DENIED    │
        │                ├──expire──► EXPIRED   │
        └──cancel────────┴──cancel──► CANCELLED ◄──cancel

A call is claimed before it runs and only once: whoever finds it claimed does not run it. What was claimed and
never reported back is in doubt: it may have run. What is known to have been sent nowhere is released again, and an
approval that was given on one device is asked for once more if the tool is to run on another.
"""

from __future__ import annotations

from enum import Enum, auto


class CallState(Enum):
    """Where a call stands."""

    REQUESTED = auto()
    SHOWN = auto()
    APPROVED = auto()
    CLAIMED = auto()
    DONE = auto()
    FAILED = auto()
    IN_DOUBT = auto()
    DENIED = auto()
    EXPIRED = auto()
    CANCELLED = auto()


class CallEvent(Enum):
    """What can happen to a call."""

    ASK = auto()
    ALLOW = auto()
    DENY = auto()
    APPROVE = auto()
    REJECT = auto()
    EXPIRE = auto()
    CANCEL = auto()
    CLAIM = auto()
    RELEASE = auto()
    SUCCEED = auto()
    FAIL = auto()
    LOSE = auto()


TRANSITIONS: dict[tuple[CallState, CallEvent], CallState] = {
    (CallState.REQUESTED, CallEvent.ASK): CallState.SHOWN,
    (CallState.REQUESTED, CallEvent.ALLOW): CallState.APPROVED,
    (CallState.REQUESTED, CallEvent.DENY): CallState.DENIED,
    (CallState.REQUESTED, CallEvent.CANCEL): CallState.CANCELLED,
    (CallState.SHOWN, CallEvent.APPROVE): CallState.APPROVED,
    (CallState.SHOWN, CallEvent.REJECT): CallState.DENIED,
    (CallState.SHOWN, CallEvent.EXPIRE): CallState.EXPIRED,
    (CallState.SHOWN, CallEvent.CANCEL): CallState.CANCELLED,
    (CallState.APPROVED, CallEvent.ASK): CallState.SHOWN,
    (CallState.APPROVED, CallEvent.CLAIM): CallState.CLAIMED,
    (CallState.APPROVED, CallEvent.CANCEL): CallState.CANCELLED,
    (CallState.CLAIMED, CallEvent.RELEASE): CallState.APPROVED,
    (CallState.CLAIMED, CallEvent.SUCCEED): CallState.DONE,
    (CallState.CLAIMED, CallEvent.FAIL): CallState.FAILED,
    (CallState.CLAIMED, CallEvent.LOSE): CallState.IN_DOUBT,
}


class ImpossibleTransitionError(Exception):
    """The event cannot happen to a call in this state."""

    def __init__(self, state: CallState, event: CallEvent) -> None:
        super().__init__(f"{event.name} cannot happen to a call that is {state.name}")
        self.state = state
        self.event = event


def after(state: CallState, event: CallEvent) -> CallState:
    """The state that follows.

    Raises:
        ImpossibleTransitionError: if the table has no such row.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise ImpossibleTransitionError(state, event) from None
