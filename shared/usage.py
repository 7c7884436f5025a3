"""How many tokens were used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens given to a model (``prompt``), made by it (``completion``), and as it counts them in all (``total``).

    A provider's total may hold more than the other two: thinking, or tools of its own.
    """

    prompt: int = 0
    completion: int = 0
    total: int = 0

    def __add__(self, other: TokenUsage) -> TokenUsage:
        """The sum of both."""
        return TokenUsage(self.prompt + other.prompt, self.completion + other.completion, self.total + other.total)
