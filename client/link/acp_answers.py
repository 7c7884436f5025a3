"""Turns what can come back in an answer's place into our errors, each with a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from acp.exceptions import RequestError
from pydantic import ValidationError

from shared.errors import LinkLostError, ProtocolError


@contextmanager
def answered() -> Iterator[None]:
    """A request and the wait for its answer.

    Raises:
        ProtocolError: if the server answers with an error, whose code and sentence it has, or with nonsense.
        LinkLostError: if the connection ends first.
    """
    try:
        yield
    except RequestError as error:
        failed = ProtocolError(str(error))
        failed.code = error.code
        raise failed from error
    except ConnectionError as error:
        raise LinkLostError("The connection to the server is gone.") from error
    except ValidationError as error:
        raise ProtocolError("The server's answer makes no sense.") from error
