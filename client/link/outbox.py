"""The messages of one tab that are not done with, and what is known of each.

::

    KEPT ──sent──► SENT ──acknowledged──► TAKEN ──ended──► forgotten
                   │  ▲                     │
              lost │  │ sent again          │ its server does not know it any more
                   ▼  │                     │
                  UNSURE ◄──────────────────┘

What is ``UNSURE`` may have been taken: it is sent again under its id where the server knows ids, and else handed back.
Pure: it decides nothing about when to send.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from shared.ids import MessageId


class Stage(Enum):
    """How far a message got."""

    KEPT = auto()
    SENT = auto()
    UNSURE = auto()
    TAKEN = auto()


@dataclass(slots=True)
class Message:
    """One message of the person; ``is_repeat`` once it was sent on more than one connection."""

    message_id: MessageId
    text: str
    stage: Stage = Stage.KEPT
    is_repeat: bool = False


class Outbox:
    """The messages under way, in the order they were said."""

    def __init__(self) -> None:
        self._messages: dict[MessageId, Message] = {}

    def __contains__(self, message_id: MessageId) -> bool:
        return message_id in self._messages

    @property
    def is_under_way(self) -> bool:
        """Whether a message was sent and its end is not known."""
        return any(message.stage is not Stage.KEPT for message in self._messages.values())

    def keep(self, message_id: MessageId, text: str, stage: Stage = Stage.KEPT) -> None:
        """The person said something, which got as far as ``stage``; the same id again changes nothing."""
        self._messages.setdefault(message_id, Message(message_id, text, stage))

    def send_all(self) -> list[Message]:
        """What is to be sent now, oldest first: what never was, and what may not have been taken."""
        due = self._at(Stage.KEPT, Stage.UNSURE)
        for message in due:
            message.is_repeat = message.is_repeat or message.stage is Stage.UNSURE
            message.stage = Stage.SENT
        return due

    def acknowledge(self, message_id: MessageId) -> None:
        """The server stored it."""
        if message_id in self._messages:
            self._messages[message_id].stage = Stage.TAKEN

    def end(self, message_id: MessageId) -> bool:
        """Its turn is over; whether it was under way until now."""
        return self._messages.pop(message_id, None) is not None

    def doubt_sent(self) -> None:
        """The connection is gone: what was sent and not acknowledged may have been taken or not."""
        for message in self._at(Stage.SENT):
            message.stage = Stage.UNSURE

    def doubt_taken(self) -> None:
        """The server may have forgotten what it acknowledged."""
        for message in self._at(Stage.TAKEN):
            message.stage = Stage.UNSURE

    def drop_kept(self) -> list[MessageId]:
        """Forget the messages never sent; their ids."""
        return [message.message_id for message in self._drop(Stage.KEPT)]

    def drop_taken(self) -> None:
        """Forget the messages that were acknowledged: their conversation is gone, and nobody will tell how they end."""
        self._drop(Stage.TAKEN)

    def drop_under_way(self) -> list[Message]:
        """Forget the messages that were sent, since nobody will tell about them; what is known of each."""
        return self._drop(Stage.SENT, Stage.UNSURE, Stage.TAKEN)

    def _at(self, *stages: Stage) -> list[Message]:
        return [message for message in self._messages.values() if message.stage in stages]

    def _drop(self, *stages: Stage) -> list[Message]:
        gone = self._at(*stages)
        for message in gone:
            del self._messages[message.message_id]
        return gone
