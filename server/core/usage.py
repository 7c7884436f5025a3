"""Token budgets: how much a turn and a person may use, and the sentence that stops a turn which used it up."""

from __future__ import annotations

from dataclasses import dataclass

from shared.usage import TokenUsage


@dataclass(frozen=True, slots=True)
class Budgets:
    """``None`` is no bound. ``prompt`` and ``completion`` are for one turn, ``user`` for one person's day in UTC."""

    prompt: int | None = None
    completion: int | None = None
    user: int | None = None

    def spent(self, *, turn: TokenUsage, today: TokenUsage) -> str | None:
        """Which budget is used up, as a sentence; ``None`` while there is something left of each."""
        if self.prompt is not None and turn.prompt >= self.prompt:
            return f"This turn used {turn.prompt} prompt tokens of the {self.prompt} that it may use, so it stopped."
        if self.completion is not None and turn.completion >= self.completion:
            return (
                f"This turn used {turn.completion} completion tokens of the {self.completion} that it may use, "
                "so it stopped."
            )
        if self.user is not None and today.total >= self.user:
            return f"You used {today.total} tokens of the {self.user} that you may use a day. Go on tomorrow (UTC)."
        return None
