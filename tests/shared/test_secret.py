"""A secret is given away on purpose or not at all."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from dataclasses import dataclass

import pytest

from shared.secret import Secret

CANARY = Secret("canary-opens-everything")


@dataclass(frozen=True)
class Holder:
    token: Secret


def test_it_is_not_printed_formatted_or_logged_wherever_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("x").debug("%s %r %s", CANARY, CANARY, Holder(CANARY))
    texts = [
        str(CANARY), repr(CANARY), f"{CANARY}", f"{CANARY!r:>20}", "{}".format(CANARY), "%s" % CANARY,  # noqa: UP031, UP032
        str([CANARY]), str({"token": CANARY}), repr(Holder(CANARY)), str(ValueError(CANARY)), ascii(CANARY),
        caplog.text,
    ]  # fmt: skip
    assert [text for text in texts if "canary" in text] == []


def test_it_is_not_written_by_what_writes_objects() -> None:
    for write in (pickle.dumps, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            write(CANARY)


def test_it_is_revealed_to_whoever_asks_and_compared_as_a_whole() -> None:
    assert CANARY.reveal() == "canary-opens-everything"
    assert CANARY.matches(Secret("canary-opens-everything"))
    assert not CANARY.matches(Secret("canary-opens-everythinG"))
    assert not CANARY.matches(Secret(""))
    assert Secret("\udc80") != CANARY
    assert {Secret("a"), Secret("a")} == {Secret("a")}
    assert CANARY != "canary-opens-everything"
    assert not Secret("")
