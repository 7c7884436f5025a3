"""When an embedded server is not needed any more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Idle:
    """Counts from the moment when nobody needed the server. All times are in seconds of one monotonic clock.

    ``grace`` is how long it stays after its last client, ``patience`` how long it waits for its first.
    """

    grace: float
    patience: float
    since: float
    had_client: bool = False

    def is_over(self, now: float, *, clients: int, turns: int) -> bool:
        """Whether the server may leave, with that many clients connected and turns running now."""
        if clients or turns:
            self.had_client = self.had_client or clients > 0
            self.since = now
            return False
        return now - self.since >= (self.grace if self.had_client else self.patience)
