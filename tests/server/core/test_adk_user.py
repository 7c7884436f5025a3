"""Names of people in the agent's storage."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.core.adk_user import MAX_ADK_ID, adk_user_id
from shared.ids import MAX_USER_ID, TenantId, UserId

NASTY = st.text(alphabet=st.sampled_from("a:%3A25sh6"), max_size=70) | st.text(max_size=MAX_USER_ID)


def test_a_plain_name_stays_readable() -> None:
    assert adk_user_id(TenantId("default"), UserId("ada")) == "default:ada"


def test_a_colon_does_not_move_between_tenant_and_user() -> None:
    assert adk_user_id(TenantId("a:b"), UserId("c")) != adk_user_id(TenantId("a"), UserId("b:c"))
    assert adk_user_id(TenantId("a%3Ab"), UserId("c")) != adk_user_id(TenantId("a:b"), UserId("c"))


def test_a_name_that_looks_like_a_hash_does_not_meet_one() -> None:
    hashed = adk_user_id(TenantId(":" * 64), UserId(":" * 64))
    tenant, _, rest = hashed.partition(":")
    assert adk_user_id(TenantId(tenant), UserId(rest)) != hashed
    assert adk_user_id(TenantId(tenant), UserId(rest.lstrip(":"))) != hashed


@given(NASTY, NASTY, NASTY, NASTY)
def test_two_people_never_share_a_name_and_it_always_fits(tenant: str, user: str, tenant2: str, user2: str) -> None:
    name = adk_user_id(TenantId(tenant), UserId(user))
    assert len(name) <= MAX_ADK_ID
    same_name = name == adk_user_id(TenantId(tenant2), UserId(user2))
    assert same_name == ((tenant, user) == (tenant2, user2))
