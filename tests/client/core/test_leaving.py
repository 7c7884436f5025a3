"""Leaving asks only when something would be lost, and names it."""

from __future__ import annotations

from client.core.leaving import Leaving, losses


def test_nothing_to_lose_is_nothing_to_ask() -> None:
    assert losses([Leaving("Tab 1 (PC)", has_draft=False, is_working=False, unsent=0, approvals=0)]) == ()


def test_every_loss_is_named_with_its_tab() -> None:
    tabs = [
        Leaving("Tab 1 (PC)", has_draft=True, is_working=True, unsent=2, approvals=0),
        Leaving("Tab 2 (iPhone)", has_draft=False, is_working=True, unsent=0, approvals=1),
    ]
    assert losses(tabs) == (
        "Tab 1 (PC): a draft that was not sent.",
        "Tab 1 (PC): 2 messages that wait.",
        "Tab 1 (PC): an answer that is being given.",
        "Tab 2 (iPhone): an approval that waits.",
    )
