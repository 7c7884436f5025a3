"""The stored conversations, read through a window of whole turns: a turn costs the same after five thousand events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.events.event import Event
from google.adk.sessions.base_session_service import GetSessionConfig
from google.adk.sessions.database_session_service import DatabaseSessionService
from google.adk.sessions.session import Session

_WIDENING = 4


class HistoryFailedError(Exception):
    """A conversation could not be read or stored; the cause is chained."""


class WindowedHistory(DatabaseSessionService):
    """ADK's own service, to be made with ``db_engine=``; a session is read from a message of the person on."""

    window = 40
    """How many of a session's latest events are read, when its last turn has no more."""

    async def get_session(
        self, *, app_name: str, user_id: str, session_id: str, config: GetSessionConfig | None = None
    ) -> Session | None:
        """The session with the whole turns inside of the window, and at least its last turn.

        A caller who passes ``config`` gets exactly what it asks for.

        Raises:
            HistoryFailedError: if the database failed.
        """
        with _failures_named():
            if config is not None:
                return await super().get_session(
                    app_name=app_name, user_id=user_id, session_id=session_id, config=config
                )
            limit = self.window
            while True:
                session = await super().get_session(
                    app_name=app_name,
                    user_id=user_id,
                    session_id=session_id,
                    config=GetSessionConfig(num_recent_events=limit),
                )
                if session is None or len(session.events) < limit:
                    return session
                start = next((at for at, event in enumerate(session.events) if _is_message(event)), None)
                if start is not None:
                    del session.events[:start]
                    return session
                limit *= _WIDENING

    async def create_session(
        self, *, app_name: str, user_id: str, state: dict[str, Any] | None = None, session_id: str | None = None
    ) -> Session:
        """As ADK's.

        Raises:
            AlreadyExistsError: if there is such a session.
            HistoryFailedError: if the database failed.
        """
        with _failures_named():
            return await super().create_session(app_name=app_name, user_id=user_id, state=state, session_id=session_id)

    async def append_event(self, session: Session, event: Event) -> Event:
        """As ADK's.

        Raises:
            HistoryFailedError: if the database failed, or somebody else wrote to the session meanwhile.
        """
        with _failures_named():
            return await super().append_event(session, event)


def _is_message(event: Event) -> bool:
    return event.author == "user" and event.content is not None and not event.get_function_responses()


@contextmanager
def _failures_named() -> Iterator[None]:
    try:
        yield
    except AlreadyExistsError:
        raise
    except Exception as error:
        raise HistoryFailedError("the database failed") from error
