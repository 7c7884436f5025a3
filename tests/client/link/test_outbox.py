"""The messages under way."""

from __future__ import annotations

from client.link.outbox import Outbox, Stage
from shared.ids import MessageId

ONE, TWO, THREE = MessageId("one"), MessageId("two"), MessageId("three")


def filled() -> Outbox:
    outbox = Outbox()
    outbox.keep(ONE, "1")
    outbox.keep(TWO, "2")
    return outbox


def test_each_message_is_sent_once_and_in_order() -> None:
    outbox = filled()
    assert [message.text for message in outbox.send_all()] == ["1", "2"]
    assert outbox.send_all() == []
    outbox.keep(THREE, "3")
    assert [message.text for message in outbox.send_all()] == ["3"]


def test_a_repeated_id_changes_nothing() -> None:
    outbox = filled()
    outbox.send_all()
    outbox.keep(ONE, "other words")
    assert outbox.send_all() == []


def test_what_was_sent_and_not_acknowledged_is_sent_again_before_what_came_later() -> None:
    outbox = filled()
    outbox.send_all()
    outbox.acknowledge(ONE)
    outbox.keep(THREE, "3")
    outbox.doubt_sent()
    again = outbox.send_all()
    assert [(message.message_id, message.is_repeat) for message in again] == [(TWO, True), (THREE, False)]
    assert outbox.send_all() == []


def test_what_a_server_may_have_forgotten_is_sent_again_unless_it_is_told_again() -> None:
    outbox = filled()
    outbox.send_all()
    outbox.acknowledge(ONE)
    outbox.acknowledge(TWO)
    outbox.doubt_taken()
    outbox.acknowledge(TWO)
    assert [message.message_id for message in outbox.send_all()] == [ONE]


def test_a_conversation_that_is_gone_takes_with_it_what_it_had_acknowledged() -> None:
    outbox = filled()
    outbox.send_all()
    outbox.acknowledge(ONE)
    outbox.doubt_sent()
    outbox.drop_taken()
    assert [message.message_id for message in outbox.send_all()] == [TWO]


def test_a_loss_without_return_hands_back_what_was_sent_and_keeps_what_was_not() -> None:
    outbox = filled()
    outbox.send_all()
    outbox.acknowledge(ONE)
    outbox.keep(THREE, "3")
    outbox.doubt_sent()
    gone = outbox.drop_under_way()
    assert [(message.message_id, message.stage) for message in gone] == [(ONE, Stage.TAKEN), (TWO, Stage.UNSURE)]
    assert [message.text for message in outbox.send_all()] == ["3"]


def test_an_ended_message_is_forgotten_and_ends_once() -> None:
    outbox = filled()
    outbox.send_all()
    assert outbox.end(ONE)
    assert not outbox.end(ONE)
    assert ONE not in outbox
    assert [message.message_id for message in outbox.drop_under_way()] == [TWO]


def test_dropping_what_was_kept_leaves_what_was_sent() -> None:
    outbox = filled()
    outbox.send_all()
    outbox.keep(THREE, "3")
    assert outbox.drop_kept() == [THREE]
    assert ONE in outbox


def test_acknowledging_a_stranger_is_harmless() -> None:
    outbox = filled()
    outbox.acknowledge(THREE)
    assert THREE not in outbox


def test_a_message_of_unknown_fate_is_not_dropped_as_if_it_were_never_sent() -> None:
    outbox = filled()
    outbox.send_all()
    outbox.doubt_sent()
    outbox.keep(THREE, "3")
    assert outbox.drop_kept() == [THREE]
    assert outbox.is_under_way
