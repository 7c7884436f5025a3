"""However far a tab falls behind, it is told a reset and that something changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.core.waiting_news import MANY, MAX_WAITING, WaitingNews
from shared.frames import Device
from shared.ids import SessionId
from shared.news import DevicesChanged, HandedOver, News, Notice, PersonReset, StateChanged

CLEARED = StateChanged(None, "cleared")
GONE = PersonReset("Gone.")


def told(*news: News) -> list[News]:
    waiting = WaitingNews()
    for one in news:
        waiting.put(one)
    return list(iter(waiting.take, None))


def stored(key: str) -> StateChanged:
    return StateChanged(key, "stored")


def test_they_come_in_order() -> None:
    assert told(stored("a"), Notice("One."), stored("b")) == [stored("a"), Notice("One."), stored("b")]


def test_of_one_key_the_latest_change_counts() -> None:
    assert told(stored("a"), stored("b"), StateChanged("a", "deleted")) == [stored("b"), StateChanged("a", "deleted")]


def test_a_clearing_takes_the_changes_before_it_along_and_a_reset_a_clearing_too() -> None:
    assert told(stored("a"), Notice("One."), CLEARED, stored("b")) == [Notice("One."), CLEARED, stored("b")]
    assert told(stored("a"), CLEARED, GONE, stored("b")) == [GONE, stored("b")]


def test_too_many_changes_become_one_that_says_so() -> None:
    enough = [stored(f"key {n}") for n in range(MAX_WAITING)]
    assert told(*enough) == enough
    assert told(*enough, stored("one more"), stored("another"), Notice("One.")) == [MANY, Notice("One.")]


def test_a_notice_is_told_once_and_of_too_many_the_newest_count() -> None:
    assert told(Notice("One."), Notice("Two."), Notice("One.")) == [Notice("Two."), Notice("One.")]
    many = [Notice(f"number {n}") for n in range(MAX_WAITING + 3)]
    assert told(*many) == many[3:]


ANY: st.SearchStrategy[News] = st.one_of(
    st.builds(stored, st.integers(0, 100).map(str)), st.just(CLEARED), st.just(GONE), st.just(Notice("One."))
)


@given(st.lists(ANY, max_size=300))
def test_after_the_last_reset_nothing_that_happened_is_missing(news: list[News]) -> None:
    heard = told(*news)
    assert len(heard) <= 2 * MAX_WAITING + 2
    since = len(news) - news[::-1].index(GONE) if GONE in news else 0
    assert (GONE in heard) is (GONE in news)
    changed = {one.key for one in news[since:] if isinstance(one, StateChanged)}
    known = {one.key for one in heard if isinstance(one, StateChanged)}
    cleared_later = CLEARED in news[since:]
    assert MANY in heard or changed <= known or cleared_later


def test_each_field_counts_for_itself_and_a_whole_document_for_all_of_them() -> None:
    one, two = StateChanged("a", "stored", "one"), StateChanged("a", "stored", "two")
    assert told(one, two, one) == [two, one]
    assert told(one, two, stored("a")) == [stored("a")]


# --- devices and who holds a conversation -----------------------------------------------------------------

PHONE = Device("phone-1", "Phone", "phone")


def handed(session: str, code: str) -> HandedOver:
    return HandedOver(SessionId(session), code, PHONE)


def test_that_devices_changed_is_told_once_and_last() -> None:
    assert told(DevicesChanged(), Notice("One."), DevicesChanged()) == [Notice("One."), DevicesChanged()]


def test_of_each_conversation_the_latest_code_is_told() -> None:
    assert told(handed("a", "1"), handed("b", "2"), handed("a", "3")) == [handed("b", "2"), handed("a", "3")]


def test_none_of_these_makes_another_kind_needless() -> None:
    news: list[News] = [stored("a"), Notice("One."), handed("a", "1"), DevicesChanged(), CLEARED, GONE]
    expected = [one for one in news if one not in (stored("a"), CLEARED)]
    assert told(*news) == expected
    assert told(*reversed(news)) == news[::-1]


@given(
    st.lists(st.builds(handed, st.sampled_from("abc"), st.sampled_from("123")) | st.just(DevicesChanged()), max_size=99)
)
def test_however_much_happens_the_last_of_each_is_told_and_no_more(news: list[News]) -> None:
    heard = told(*news)
    last = {(type(one), getattr(one, "session_id", None)): one for one in news}
    assert sorted(map(repr, heard)) == sorted(map(repr, last.values()))
