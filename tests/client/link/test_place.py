"""The number of an update says whether it is the next one."""

from __future__ import annotations

from client.link.place import Heard, Place
from shared.ids import SessionId

NEXT, AGAIN, MISSING, HOLE = Heard.NEXT, Heard.AGAIN, Heard.MISSING, Heard.HOLE


def place(last_seq: int = 0, secret: str | None = "secret") -> Place:
    return Place(SessionId("s"), last_seq, secret)


def test_a_number_counts_once_and_none_always() -> None:
    here = place()
    assert [here.hear(seq) for seq in (1, 1, 2, 1, None, 2, 3)] == [NEXT, AGAIN, NEXT, AGAIN, NEXT, AGAIN, NEXT]


def test_a_number_that_skips_is_missed_and_the_place_stays() -> None:
    here = place(4)
    assert here.hear(6) is MISSING
    assert here.last_seq == 4
    assert [here.hear(seq) for seq in (5, 6)] == [NEXT, NEXT]


def test_a_hole_that_nothing_fills_is_told_and_passed() -> None:
    here = place(4)
    assert [here.hear(seq) for seq in (7, 7, 8)] == [MISSING, HOLE, NEXT]
    assert here.hear(20) is MISSING, "another hole is asked for anew"


def test_where_nothing_can_be_asked_for_again_there_are_no_holes() -> None:
    assert [place(4, secret=None).hear(seq) for seq in (9, 3)] == [NEXT, AGAIN]


def test_from_its_beginning_numbers_begin_at_one_again() -> None:
    here = place(40)
    here.start_over()
    assert [here.hear(seq) for seq in (1, 1, 2)] == [NEXT, AGAIN, NEXT]
    assert "secret" not in repr(here).replace("lease_secret", "")
