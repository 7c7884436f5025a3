"""Something heavy that is brought once, behind the scenes; whoever needs it early waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from shared.errors import RingbackError

logger = logging.getLogger(__name__)

Thing = TypeVar("Thing")


class Loading(Generic[Thing]):
    """``bring`` is called once, by :meth:`begin` or by the first :meth:`get`. ``name`` says what it brings, in logs."""

    def __init__(self, name: str, bring: Callable[[], Awaitable[Thing]]) -> None:
        self._name = name
        self._bring = bring
        self._task: asyncio.Task[Thing | RingbackError] | None = None

    @property
    def has_begun(self) -> bool:
        """Whether anybody wanted it yet."""
        return self._task is not None

    @property
    def here(self) -> Thing | None:
        """The thing, if it is there already."""
        if self._task is None or not self._task.done():
            return None
        brought = self._task.result()
        return None if isinstance(brought, RingbackError) else brought

    def begin(self) -> None:
        """Begin to load; a second call changes nothing."""
        self._started()

    async def get(self) -> Thing:
        """The thing, once it is there. Cancelling the caller does not cancel the loading.

        Raises:
            RingbackError: if it could not be brought; the sentence says why.
        """
        return _unwrapped(await asyncio.shield(self._started()))

    async def get_unless(self, give_up: asyncio.Event) -> Thing | None:
        """As :meth:`get`, but ``None`` as soon as ``give_up`` is set.

        Raises:
            RingbackError: if it could not be brought; the sentence says why.
        """
        loading = self._started()
        if not loading.done():
            given_up = asyncio.create_task(give_up.wait())
            try:
                await asyncio.wait({loading, given_up}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                given_up.cancel()
        return _unwrapped(loading.result()) if loading.done() else None

    def _started(self) -> asyncio.Task[Thing | RingbackError]:
        if self._task is None:
            self._task = asyncio.create_task(self._brought(), name=f"load {self._name}")
        return self._task

    async def _brought(self) -> Thing | RingbackError:
        try:
            return await self._bring()
        except RingbackError as error:
            logger.error("%s cannot be loaded: %s", self._name, error)  # noqa: TRY400  (expected, and said in full)
            return error
        except Exception:
            logger.exception("a bug in loading %s", self._name)
            name = self._name[:1].upper() + self._name[1:]
            return RingbackError(f"{name} could not be loaded; the log says more. Restart the server.")


def _unwrapped(brought: Thing | RingbackError) -> Thing:
    if isinstance(brought, RingbackError):
        raise brought
    return brought
