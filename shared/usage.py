"""How many tokens were used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens given to a model (``prompt``), made by it (``completion``), and as it counts them in all (``total``).

    Thinking is paid like words and counts as completion. A provider's total may still hold more than the other two.
    """

    prompt: int = 0
    completion: int = 0
    total: int = 0

    def beyond(self, other: TokenUsage) -> TokenUsage:
        """What this is more than ``other``, and nothing where it is less."""
        return TokenUsage(
            max(0, self.prompt - other.prompt),
            max(0, self.completion - other.completion),
            max(0, self.total - other.total),
        )

    def __add__(self, other: TokenUsage) -> TokenUsage:
        """The sum of both."""
        return TokenUsage(self.prompt + other.prompt, self.completion + other.completion, self.total + other.total)
