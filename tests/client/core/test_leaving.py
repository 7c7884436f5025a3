"""Leaving asks only when something would be lost or is under way, and names it."""

from __future__ import annotations

from dataclasses import replace

from client.core.leaving import Leaving, losses, under_way

QUIET = Leaving("Tab 1 (PC)", has_draft=False, is_working=False, unsent=0, approvals=0)
FIRST = Leaving("Tab 1 (PC)", has_draft=True, is_working=True, unsent=2, approvals=0)
SECOND = Leaving("Tab 2 (iPhone)", has_draft=False, is_working=True, unsent=0, approvals=1)


def test_nothing_to_lose_is_nothing_to_ask() -> None:
    assert losses([QUIET]) == ()
    assert under_way([replace(QUIET, goes_on=True)]) == ()


def test_every_loss_is_named_with_its_tab() -> None:
    assert losses([FIRST, SECOND]) == (
        "Tab 1 (PC): a draft that was not sent.",
        "Tab 1 (PC): 2 messages that wait.",
        "Tab 1 (PC): an answer that is being given.",
        "Tab 2 (iPhone): an approval that waits.",
    )
    assert under_way([FIRST, SECOND]) == ()


def test_what_is_kept_or_goes_on_is_not_lost() -> None:
    tabs = [replace(FIRST, is_kept=True, goes_on=True), replace(SECOND, goes_on=True)]
    assert losses(tabs) == ()
    assert under_way(tabs) == (
        "Tab 1 (PC): an answer that is being given.",
        "Tab 1 (PC): 2 messages that wait; stopped, they become the draft again.",
        "Tab 2 (iPhone): an approval that waits.",
    )
    assert losses([replace(FIRST, is_kept=True)]) == ("Tab 1 (PC): an answer that is being given.",)
    assert len(losses([replace(FIRST, goes_on=True)])) == 2


def test_a_message_on_its_way_is_under_way_and_one_that_waits_for_a_line_is_kept() -> None:
    sent = replace(QUIET, unsent=1, goes_on=True, is_kept=True, is_open=True)
    assert under_way([sent]) == ("Tab 1 (PC): a message that waits; stopped, it becomes the draft again.",)
    assert under_way([replace(sent, is_open=False)]) == ()
    assert losses([sent]) == ()


def test_what_is_not_kept_is_no_draft_to_be() -> None:
    lost = replace(FIRST, has_draft=False, goes_on=True)
    assert losses([lost]) == ("Tab 1 (PC): 2 messages that wait.",)
    assert under_way([lost])[1:] == ("Tab 1 (PC): 2 messages that wait.",)
