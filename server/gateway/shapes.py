"""Reads params into a shape, of ACP's or of ours, or says what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError

from shared.errors import BadRequestError

MAX_REASON = 300
"""How much of a wrong request's explanation is sent, in characters."""

Shape = TypeVar("Shape")
Request = TypeVar("Request", bound=BaseModel)


def convert(params: Mapping[str, Any], shape: type[Shape]) -> Shape:
    """``params`` as ``shape``, a ``msgspec.Struct``.

    Raises:
        BadRequestError: if they have another one.
    """
    try:
        return msgspec.convert(params, shape)
    except msgspec.ValidationError as error:
        raise BadRequestError(f"The request has a wrong shape: {error}.") from error


def read_acp(params: Mapping[str, Any], shape: type[Request]) -> Request:
    """``params`` as one of ACP's requests.

    Raises:
        BadRequestError: if they are none.
    """
    try:
        return shape.model_validate(params)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadRequestError(f"{where}: {first['msg']}"[:MAX_REASON]) from error
