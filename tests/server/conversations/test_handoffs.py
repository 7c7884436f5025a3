"""A code takes one conversation, once, in time, and for its own person alone."""

from __future__ import annotations

import pytest

from server.conversations.handoffs import ALPHABET, LENGTH, LIFETIME, Handoffs
from server.core.deadline import Moment
from server.core.identity import Identity
from server.core.session_key import SessionKey
from shared.errors import HandoffCodeError
from shared.ids import SessionId, TenantId, UserId

ADA = Identity(TenantId("default"), UserId("ada"))
BOB = Identity(TenantId("default"), UserId("bob"))
ADA_ELSEWHERE = Identity(TenantId("other"), UserId("ada"))
KEY = SessionKey(ADA, SessionId("one"))
OTHER = SessionKey(ADA, SessionId("two"))


class Clock:
    """One that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> Moment:
        return Moment("boot", self.at)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def handoffs(clock: Clock) -> Handoffs:
    return Handoffs(clock)


def test_a_code_gives_the_conversation_it_was_made_for(handoffs: Handoffs) -> None:
    one, other = handoffs.offer(KEY), handoffs.offer(OTHER)
    assert handoffs.redeem(ADA, other) == OTHER
    assert handoffs.redeem(ADA, one) == KEY


def test_a_code_is_used_once(handoffs: Handoffs) -> None:
    code = handoffs.offer(KEY)
    handoffs.redeem(ADA, code)
    with pytest.raises(HandoffCodeError, match="used already"):
        handoffs.redeem(ADA, code)


def test_a_code_is_good_until_its_time_is_over(handoffs: Handoffs, clock: Clock) -> None:
    code, late = handoffs.offer(KEY), handoffs.offer(OTHER)
    clock.at = LIFETIME - 0.5
    assert handoffs.redeem(ADA, code) == KEY
    clock.at = LIFETIME
    with pytest.raises(HandoffCodeError):
        handoffs.redeem(ADA, late)


@pytest.mark.parametrize("thief", [BOB, ADA_ELSEWHERE])
def test_another_persons_code_is_refused_and_stays_good_for_its_own(handoffs: Handoffs, thief: Identity) -> None:
    code = handoffs.offer(KEY)
    with pytest.raises(HandoffCodeError):
        handoffs.redeem(thief, code)
    assert handoffs.redeem(ADA, code) == KEY


def test_what_was_never_given_is_refused(handoffs: Handoffs) -> None:
    handoffs.offer(KEY)
    for code in ("", "-", "A" * LENGTH):
        with pytest.raises(HandoffCodeError):
            handoffs.redeem(ADA, code)


def test_a_new_code_takes_the_place_of_the_one_before_and_of_no_other(handoffs: Handoffs) -> None:
    other, old, new = handoffs.offer(OTHER), handoffs.offer(KEY), handoffs.offer(KEY)
    with pytest.raises(HandoffCodeError):
        handoffs.redeem(ADA, old)
    assert handoffs.redeem(ADA, new) == KEY
    assert handoffs.redeem(ADA, other) == OTHER


def test_people_may_type_it_in_groups_and_in_small_letters(handoffs: Handoffs) -> None:
    code = handoffs.offer(KEY)
    typed = f" {code[:4]} {code[4:8]}-{code[8:]}\n".lower()
    assert handoffs.redeem(ADA, typed) == KEY


def test_a_code_has_only_letters_that_nobody_mistakes_and_is_not_kept(handoffs: Handoffs) -> None:
    codes = {handoffs.offer(SessionKey(ADA, SessionId(str(n)))) for n in range(50)}
    assert len(codes) == 50
    for code in codes:
        assert len(code) == LENGTH
        assert set(code) <= set(ALPHABET)
        assert code not in repr(vars(handoffs))
    assert not set("IO01L") & set(ALPHABET)


def test_what_is_over_is_forgotten_when_the_next_is_made(handoffs: Handoffs, clock: Clock) -> None:
    handoffs.offer(KEY)
    clock.at = LIFETIME
    handoffs.offer(OTHER)
    assert len(handoffs._codes) == 1
