"""The time in a time zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server.agent.tools.get_current_time import run, time_in
from server.core.tool_failure import ToolFailedError

NOW = datetime(2026, 1, 31, 20, 30, tzinfo=UTC)


def test_the_time_in_a_zone() -> None:
    assert time_in("Asia/Tokyo", NOW) == {
        "timezone": "Asia/Tokyo",
        "date": "2026-02-01",
        "time": "05:30:00",
        "weekday": "Sunday",
        "utc_offset": "+0900",
    }


@pytest.mark.parametrize("name", ["Tokyo", "tokyo", "asia/tokyo"])
def test_a_city_is_enough_in_any_case(name: str) -> None:
    assert time_in(name, NOW)["timezone"] == "Asia/Tokyo"


def test_a_space_is_as_good_as_an_underscore() -> None:
    assert time_in("New York", NOW)["timezone"] == "America/New_York"


def test_utc() -> None:
    assert time_in("UTC", NOW)["time"] == "20:30:00"


@pytest.mark.parametrize(("name", "near"), [("Asia/Tokio", "Asia/Tokyo"), ("Berln", "Europe/Berlin")])
def test_a_zone_that_is_not_there_names_what_is_near(name: str, near: str) -> None:
    with pytest.raises(ToolFailedError, match=f"Did you mean .*{near}"):
        time_in(name, NOW)


@pytest.mark.parametrize("name", ["xyzzyqwertz", "../../etc/passwd", "/etc/localtime", "\x00"])
def test_nonsense_is_a_sentence(name: str) -> None:
    with pytest.raises(ToolFailedError, match="There is no time zone"):
        time_in(name, NOW)


async def test_the_tools_answer() -> None:
    assert (await run({"timezone": "UTC"}))["utc_offset"] == "+0000"
