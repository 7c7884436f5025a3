"""What a tab has still to be told of an answer that stopped, or has to forget of it. Pure."""

from __future__ import annotations

from server.context.turn_context import Told
from shared.frames import AgentSaid, AgentThought, AnswerRestarted


def retell(told: Told, stored: Told) -> tuple[AnswerRestarted | AgentSaid | AgentThought, ...]:
    """The updates after which a tab that was told ``told`` shows what is ``stored``; none if it does already.

    What was told and is not stored is void: the model speaks anew from there. What is stored and was not told follows,
    thinking first.
    """
    said, thought = _common(told.said, stored.said), _common(told.thought, stored.thought)
    updates: list[AnswerRestarted | AgentSaid | AgentThought] = []
    if said < len(told.said) or thought < len(told.thought):
        updates.append(AnswerRestarted(said, thought))
    if thought < len(stored.thought):
        updates.append(AgentThought(stored.thought[thought:]))
    if said < len(stored.said):
        updates.append(AgentSaid(stored.said[said:]))
    return tuple(updates)


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
