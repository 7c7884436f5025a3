"""A planted bug: the turn's context is kept in a global, so turns that run at once see each other's."""

from __future__ import annotations

from typing import Any

from server.__main__ import main
from server.context import turn_context


class Global:
    """Looks like a ContextVar, and is the same for everybody."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def get(self) -> Any:
        return self.values[-1]

    def set(self, value: Any) -> None:
        self.values.append(value)

    def reset(self, _: None) -> None:
        """Leave it, as such code does."""


if __name__ == "__main__":
    turn_context._turn = Global()  # type: ignore[assignment]
    main()
