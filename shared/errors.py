"""The errors that a person may see, with the codes that travel.

::

    RingbackError                    a sentence that says what happened and what to do
    ├── UsageError                   the command line or a setting is wrong          (exit 2)
    ├── StartError                   the program cannot start here                   (exit 1)
    │   ├── DataFolderError          the data folder cannot be made or written
    │   ├── DatabaseDamagedError     the database is not readable
    │   ├── DatabaseTooNewError      the database was written by a newer Ringback
    │   ├── AddressInUseError        the port or socket is taken
    │   └── ServerDidNotStartError   the embedded server did not come up
    ├── ExportError                  a conversation cannot be written to a file      (exit 1)
    └── ProtocolError                an answer to one request, with a JSON-RPC code
        ├── BadRequestError          -32602  the request does not make sense
        ├── SessionHeldError         -32010  another connection holds the session
        ├── UnknownSessionError      -32011  no such session for this connection
        ├── SessionBusyError         -32012  too many messages wait already
        ├── TurnFailedError          -32013  the model or the storage failed in this turn
        ├── TooManyRequestsError     -32014  too many requests under way on this connection
        ├── LinkLostError            -32015  the connection is gone (raised on the side that sees it)
        ├── NotPermittedError        -32016  the credential does not have the scope for this
        ├── BudgetSpentError         -32017  a token budget is used up
        ├── StateError               -32018  a key or value cannot be kept in the shared state, or it cannot be had now
        ├── StorageError             -32019  the database failed
        ├── HandoffCodeError         -32020  a handoff code that was used, is too old or was never given
        └── UnknownGrantError        -32021  no such grant of this person's
"""

from __future__ import annotations

from shared.frames import Device


class RingbackError(Exception):
    """An expected failure. ``str(error)`` is a sentence for a person; ``exit_code`` is for the shell."""

    exit_code = 1


class UsageError(RingbackError):
    """The command line, the environment or the config file says something that cannot be done."""

    exit_code = 2


class StartError(RingbackError):
    """The program cannot start here; nothing was changed."""


class DataFolderError(StartError):
    """The data folder cannot be made, read or written."""


class DatabaseDamagedError(StartError):
    """The database file exists but cannot be read as one."""


class DatabaseTooNewError(StartError):
    """The database has a schema that this version does not know."""


class AddressInUseError(StartError):
    """Another program listens on the port or socket."""


class ServerDidNotStartError(StartError):
    """The embedded server ended, or stayed silent, before it was ready."""


class ExportError(RingbackError):
    """A conversation cannot be written to a file."""


class ProtocolError(RingbackError):
    """The answer to one request; ``code`` is the JSON-RPC error code."""

    code = -32603


class BadRequestError(ProtocolError):
    """The request's parameters do not make sense."""

    code = -32602


class SessionHeldError(ProtocolError):
    """Another connection holds the session; the sentence names its device, ``holder``."""

    code = -32010

    def __init__(self, sentence: str, holder: Device) -> None:
        super().__init__(sentence)
        self.holder = holder


class UnknownSessionError(ProtocolError):
    """The connection holds no session of that id."""

    code = -32011


class SessionBusyError(ProtocolError):
    """Too many messages wait in this session already."""

    code = -32012


class TurnFailedError(ProtocolError):
    """The turn ended early because the model or the storage failed."""

    code = -32013


class TooManyRequestsError(ProtocolError):
    """The connection has too many requests under way."""

    code = -32014


class LinkLostError(ProtocolError):
    """The connection ended while an answer was awaited."""

    code = -32015


class NotPermittedError(ProtocolError):
    """The connection's credential lacks the scope."""

    code = -32016


class BudgetSpentError(ProtocolError):
    """The turn stopped because a token budget is used up."""

    code = -32017


class StateError(ProtocolError):
    """A key, field or value that cannot be kept in the shared state, or a state that cannot be reached now."""

    code = -32018


class StorageError(ProtocolError):
    """The database failed; what was asked for was not done."""

    code = -32019


class HandoffCodeError(ProtocolError):
    """The code was used, is too old or was never given."""

    code = -32020


class UnknownGrantError(ProtocolError):
    """The person has no grant of that id."""

    code = -32021
