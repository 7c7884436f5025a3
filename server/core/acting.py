"""Who somebody with a credential may be: its own person, or with the scope ``act-as`` a person that they name."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from server.core.identity import Admission, Identity, NameRefusedError, Scope, identity_spelled
from shared.errors import BadRequestError, NotPermittedError
from shared.ids import TenantId
from shared.json_types import JsonValue


class UnknownTenantError(BadRequestError):
    """There is a list of tenants, and this one is not on it."""


def acting_identity(admission: Admission, asked: JsonValue | None, tenants: AbstractSet[TenantId]) -> Identity:
    """Who acts in one prompt. ``asked`` is what its ``_meta["ringback/identity"]`` holds, ``None`` without one.

    ``tenants`` are those that there are; none at all means any.

    Raises:
        NotPermittedError: if the credential may not chat, or names somebody else and may not.
        BadRequestError: if ``asked`` does not have the form ``{tenant, userId}``, or names nobody.
    """
    may_chat, may_act = (scope in admission.scopes for scope in (Scope.CHAT, Scope.ACT_AS))
    if not (may_chat or (may_act and asked is not None)):
        raise NotPermittedError("This credential may not chat. Use one with the scope chat.")
    match asked:
        case None:
            return admission.identity
        case {"tenant": str(tenant), "userId": str(user_id), **others} if not others:
            return person_named(admission, tenant, user_id, tenants)
        case {"userId": str(user_id), **others} if not others:
            return person_named(admission, None, user_id, tenants)
        case _:
            raise BadRequestError('A person is named as {"tenant": "…", "userId": "…"}; the tenant may be left out.')


def person_named(
    admission: Admission, tenant: str | None, user_id: str | None, tenants: AbstractSet[TenantId]
) -> Identity:
    """The person of these names; what is left out is the credential's own.

    Raises:
        NotPermittedError: if that is somebody else, and the credential may not act as others.
        UnknownTenantError: if ``tenants`` are given and this is none of them.
        BadRequestError: if it is no name that anybody can have, or not spelled as names are kept.
    """
    own = admission.identity
    try:
        person = identity_spelled(own.tenant if tenant is None else tenant, own.user_id if user_id is None else user_id)
    except NameRefusedError as error:
        raise BadRequestError(str(error)) from error
    if person != own and Scope.ACT_AS not in admission.scopes:
        raise NotPermittedError(
            "This credential only speaks for its own person. To name others takes the scope act-as."
        )
    if person.tenant != own.tenant:
        check_tenant(person.tenant, tenants)
    return person


def check_tenant(tenant: TenantId, tenants: AbstractSet[TenantId]) -> None:
    """Let one of ``tenants`` pass, or any if there are none.

    Raises:
        UnknownTenantError: if it is none of them.
    """
    if tenants and tenant not in tenants:
        raise UnknownTenantError("There is no tenant of that name here.")
