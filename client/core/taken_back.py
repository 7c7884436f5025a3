"""The draft of a tab in which messages were stopped before the agent got them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from client.core.transcript_entries import Delivery, Entry, Said
from shared.ids import MessageId


def taken_back(message_ids: Iterable[MessageId], entries: Mapping[str, Entry], draft: str) -> str:
    """Of these messages, what was dropped, in its order, and below it what is written already."""
    said = [entries.get(message_id) for message_id in message_ids]
    texts = [one.text for one in said if isinstance(one, Said) and one.delivery is Delivery.DROPPED]
    return "\n\n".join([*texts, draft] if draft.strip() else texts) if texts else draft
