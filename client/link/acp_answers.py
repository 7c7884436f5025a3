"""Answers: what can come back in the place of one as our errors, each with a sentence, and ours to an approval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from acp import schema
from acp.exceptions import RequestError
from pydantic import ValidationError

from client.link.acp_additions import read_holder
from shared.acp_names import META_ARGUMENTS, META_ASK_DEVICE, META_REASON
from shared.errors import HandoffCodeError, LinkLostError, ProtocolError, SessionHeldError, UnknownSessionError
from shared.frames import ApprovalAnswered, Choice


@contextmanager
def answered() -> Iterator[None]:
    """A request and the wait for its answer.

    Raises:
        SessionHeldError: if another connection holds the conversation.
        ProtocolError: if the server answers with an error, whose code and sentence it has, or with nonsense.
        LinkLostError: if the connection ends first.
    """
    try:
        yield
    except RequestError as error:
        raise _ours(error) from error
    except ConnectionError as error:
        raise LinkLostError("The connection to the server is gone.") from error
    except ValidationError as error:
        raise ProtocolError("The server's answer makes no sense.") from error


def permission(answer: ApprovalAnswered | None, option_ids: Mapping[Choice, str]) -> schema.RequestPermissionResponse:
    """ACP's answer to an approval; ``option_ids`` are the server's words for the choices.

    A question that is closed, or is to be asked elsewhere, is answered as cancelled: a server that does not know how
    to ask elsewhere must not run the tool.
    """
    if answer is None:
        return schema.RequestPermissionResponse(outcome=schema.DeniedOutcome(outcome="cancelled"))
    told = {META_ARGUMENTS: answer.arguments, META_REASON: answer.reason or None, META_ASK_DEVICE: answer.device}
    meta = {name: value for name, value in told.items() if value is not None}
    outcome: schema.AllowedOutcome | schema.DeniedOutcome = schema.DeniedOutcome(outcome="cancelled")
    if answer.choice is not None and answer.device is None:
        outcome = schema.AllowedOutcome(outcome="selected", option_id=option_ids[answer.choice])
    return schema.RequestPermissionResponse(outcome=outcome, field_meta=meta or None)


def _ours(error: RequestError) -> ProtocolError:
    if error.code == SessionHeldError.code:
        return SessionHeldError(str(error), read_holder(error.data))
    for kind in (UnknownSessionError, HandoffCodeError):
        if error.code == kind.code:
            return kind(str(error))
    failed = ProtocolError(str(error))
    failed.code = error.code
    return failed
