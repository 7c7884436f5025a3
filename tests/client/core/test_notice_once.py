"""One notice that reaches twenty tabs is shown once."""

from __future__ import annotations

from client.core.notice_once import SAME_SECONDS, NoticeOnce


def test_of_twenty_copies_the_first_is_shown() -> None:
    once = NoticeOnce()
    assert [once.is_first("Redis is away.", tab, 0.1 * tab) for tab in range(20)] == [True, *[False] * 19]


def test_the_same_words_in_the_same_tab_are_a_new_notice_that_is_again_shown_once() -> None:
    once = NoticeOnce()
    assert [once.is_first("away", tab, 0.0) for tab in ("a", "b")] == [True, False]
    assert [once.is_first("away", tab, 1.0) for tab in ("b", "a")] == [True, False]


def test_other_words_are_another_notice() -> None:
    once = NoticeOnce()
    assert once.is_first("away", "a", 0.0)
    assert once.is_first("back", "b", 0.0)
    assert not once.is_first("away", "b", 0.0)


def test_copies_that_come_too_late_are_a_new_notice() -> None:
    once = NoticeOnce()
    assert once.is_first("away", "a", 0.0)
    assert not once.is_first("away", "b", SAME_SECONDS)
    assert once.is_first("away", "c", SAME_SECONDS + 0.1)


def test_nothing_is_remembered_for_ever() -> None:
    once = NoticeOnce()
    for number in range(100):
        once.is_first(f"notice {number}", "a", float(number * 10))
    assert len(once._heard) == 1
