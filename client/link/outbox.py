"""The messages of one tab that are not done with, and what is known of each.

::

    KEPT ──sent──► SENT ──acknowledged──► TAKEN ──ended──► forgotten
      │              │                      │
      │ lost: stays  └───────── lost ───────┴──► handed back: nobody will tell how they end

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
    TAKEN = auto()


@dataclass(slots=True)
class Message:
    """One message of the person."""

    message_id: MessageId
    text: str
    stage: Stage = Stage.KEPT


class Outbox:
    """The messages under way, in the order they were said."""

    def __init__(self) -> None:
        self._messages: dict[MessageId, Message] = {}

    def __contains__(self, message_id: MessageId) -> bool:
        return message_id in self._messages

    def keep(self, message_id: MessageId, text: str) -> None:
        """The person said something; the same id again changes nothing."""
        self._messages.setdefault(message_id, Message(message_id, text))

    def send_all(self) -> list[Message]:
        """The messages never sent, oldest first; from now on they count as sent."""
        kept = [message for message in self._messages.values() if message.stage is Stage.KEPT]
        for message in kept:
            message.stage = Stage.SENT
        return kept

    def acknowledge(self, message_id: MessageId) -> None:
        """The server stored it."""
        if message_id in self._messages:
            self._messages[message_id].stage = Stage.TAKEN

    def end(self, message_id: MessageId) -> bool:
        """Its turn is over; whether it was under way until now."""
        return self._messages.pop(message_id, None) is not None

    def drop_kept(self) -> list[MessageId]:
        """Forget the messages never sent; their ids."""
        return self._drop([message.message_id for message in self._messages.values() if message.stage is Stage.KEPT])

    def drop_under_way(self) -> list[Message]:
        """Forget the messages that were sent, since their connection is gone; what is known of each."""
        gone = [message for message in self._messages.values() if message.stage is not Stage.KEPT]
        self._drop([message.message_id for message in gone])
        return gone

    def _drop(self, message_ids: list[MessageId]) -> list[MessageId]:
        for message_id in message_ids:
            del self._messages[message_id]
        return message_ids
