"""The connections to one running process of Redis; as soon as one step fails, all is over."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    ConnectionPool,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from server.core.redis_address import RedisAddress
from server.log import say
from server.state.store import Stored
from server.storage.redis_away import RedisAwayError
from server.storage.redis_entries import Script, answer_in

logger = logging.getLogger(__name__)

LIMIT = 0.5
"""How long one step may take, in seconds, its connection included."""
GRACE = 0.05
"""What is added to the limit once it has passed, in seconds: if it was this program that stood still, Redis' answer is
there already and is taken; nobody is told that Redis is away because of it."""
MOST_CONNECTIONS = 16
OLDEST = (6, 0)
"""Of the versions that can be used."""

REASONS: tuple[tuple[type[Exception], str], ...] = (
    (AuthenticationError, "it refuses the password, or asks for one"),
    (NoPermissionError, "its user may not do what is needed"),
    (BusyLoadingError, "it is still starting"),
    (ReadOnlyError, "it takes no writes"),
    (OutOfMemoryError, "its memory is full"),
    (RedisTimeoutError, "it does not answer in time"),
    (TimeoutError, "it does not answer in time"),
    (RedisConnectionError, "it cannot be reached"),
    (OSError, "it cannot be reached"),
)


class UnixConnection(UnixDomainSocketConnection):
    """As redis-py's, which however greets here already, where one that is cancelled half way looks like a good one."""

    async def _connect(self) -> None:
        self._reader, self._writer = await asyncio.open_unix_connection(path=self.path)


class RedisProcess:
    """Its process is the one that the first connection reached.

    Another one, such as the same Redis after a restart, may have forgotten what it was told, or know what was before;
    that is never mixed with this one: as soon as a connection reaches another process, this is over.
    ``lost`` gets the reason when it is over.
    """

    def __init__(self, address: RedisAddress, *, limit: float = LIMIT) -> None:
        """Nothing is opened yet. ``limit`` is in seconds."""
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._limit = limit
        self._run_id: bytes | None = None
        self._room = asyncio.Semaphore(MOST_CONNECTIONS)
        self._pool = ConnectionPool(
            redis_connect_func=self._greet,
            max_connections=2 * MOST_CONNECTIONS,
            retry=Retry(NoBackoff(), 0),
            # One limit for the whole step is ours; the older protocol tells versions that are too old what to do.
            socket_timeout=None,
            socket_connect_timeout=None,
            protocol=2,
            db=address.db,
            username=address.username,
            password=None if address.password is None else address.password.reveal(),
            connection_class=_kind_of(address),
            **_place(address),
        )
        self._redis: Redis = Redis(connection_pool=self._pool)

    @property
    def is_lost(self) -> bool:
        """Whether it is over."""
        return self.lost.done()

    async def run(self, script: Script, keys: tuple[str, ...], *arguments: str | bytes | int) -> object:
        """What the script returns.

        Raises:
            RedisAwayError: if it is over, or is over by this.
        """
        return await self._step(lambda: self._evaluate(script, (len(keys), *keys, *arguments)))

    async def command(self, *words: str) -> object:
        """What Redis answers to one of its own commands.

        Raises:
            RedisAwayError: if it is over, or is over by this.
        """
        return await self._step(lambda: self._ask(*words))

    def understood(self, told: object) -> tuple[bytes, Stored | None]:
        """What ``READ`` told: the token, and what is kept; ``None`` where Redis does not know.

        Raises:
            RedisAwayError: if it makes no sense; with that, it is over.
        """
        try:
            return answer_in(told)
        except ValueError as error:
            raise self.lose(error) from None

    def lose(self, error: Exception) -> RedisAwayError:
        """It is over because of ``error``; gives what to raise."""
        reason = reason_of(error)
        if not self.lost.done():
            self.lost.set_result(reason)
            # Only the kind of the error: some servers repeat the password in its text.
            say(logger, "redis_lost", reason=reason, error=type(error).__name__)
        return RedisAwayError(reason)

    async def close(self) -> None:
        """Close all connections, also those that are being used."""
        if not self.lost.done():
            self.lost.set_result("it was left")
        with contextlib.suppress(RedisError, OSError):
            async with asyncio.timeout(self._limit):
                await self._pool.disconnect(inuse_connections=True)

    # --- steps --------------------------------------------------------------------------------------------

    async def _evaluate(self, script: Script, rest: tuple[str | bytes | int, ...]) -> object:
        try:
            return await self._ask("EVALSHA", script.sha, *rest)
        except NoScriptError:
            return await self._ask("EVAL", script.text, *rest)

    async def _ask(self, *words: str | bytes | int) -> object:
        return await self._redis.execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py has no types here

    async def _step(self, begin: Callable[[], Awaitable[object]]) -> object:
        async with self._room:
            if self.is_lost:
                raise RedisAwayError(self.lost.result())
            try:
                return await self._in_time(begin())
            except Exception as error:  # noqa: BLE001  (whatever it is: the database goes on without Redis)
                raise self.lose(error) from None

    async def _in_time(self, doing: Awaitable[object]) -> object:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as limit:
            timer = loop.call_later(self._limit, lambda: limit.reschedule(loop.time() + GRACE))
            try:
                return await doing
            finally:
                timer.cancel()

    async def _greet(self, connection: AbstractConnection) -> None:
        try:
            await connection.on_connect()
            await connection.send_command("INFO", "server", check_health=False)
            told = await connection.read_response()
            self._recognise(told if isinstance(told, bytes) else b"")
        except BaseException:
            # The pool would take a connection that was cancelled half way for a good one.
            await connection.disconnect(nowait=True)
            raise

    def _recognise(self, told: bytes) -> None:
        facts = dict(line.split(b":", 1) for line in told.split(b"\r\n") if b":" in line)
        version, run_id = facts.get(b"redis_version", b"").decode("ascii", "replace"), facts.get(b"run_id")
        if not run_id or not _is_new_enough(version):
            raise RedisAwayError(
                f"it is version {_plain(version)}, and {OLDEST[0]}.{OLDEST[1]} is the oldest that will do"
            )
        if self._run_id is None:
            self._run_id = run_id
        if run_id != self._run_id:
            raise RedisAwayError("it was started anew")


def reason_of(error: Exception) -> str:
    """Why Redis is away, as a part of a sentence, without anything that an answer of Redis may repeat."""
    if isinstance(error, RedisAwayError):
        return str(error)
    if isinstance(error.__cause__, RedisError):
        return reason_of(error.__cause__)
    if isinstance(error.__context__, ssl.SSLError):
        return "no secure connection to it can be made"
    for kind, reason in REASONS:
        if isinstance(error, kind):
            return reason
    if not isinstance(error, ResponseError):
        return f"it fails with {type(error).__name__}"
    code = re.match(r"[A-Z]{3,16}(?= )", str(error))
    return f"it fails with {code[0]}" if code else "it refuses what it is asked for"


def _is_new_enough(version: str) -> bool:
    numbers = re.match(r"(\d{1,4})\.(\d{1,4})", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= OLDEST


def _plain(version: str) -> str:
    return version[:20] if re.fullmatch(r"[\w.-]+", version[:20]) else "unknown"


def _kind_of(address: RedisAddress) -> type[AbstractConnection]:
    if address.path is not None:
        return UnixConnection
    return Connection if address.tls is None else SSLConnection


def _place(address: RedisAddress) -> dict[str, Any]:
    if address.path is not None:
        return {"path": address.path}
    return {"host": address.host, "port": address.port, **(address.tls or {})}
