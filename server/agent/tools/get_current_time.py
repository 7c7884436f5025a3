"""The tool ``get_current_time``: the date and time in a time zone of the IANA database."""

from __future__ import annotations

import difflib
import zoneinfo
from datetime import UTC, datetime

from server.agent.backend_tool import text_argument
from server.core.tool_failure import ToolFailedError
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec, object_schema

SPEC = ToolSpec(
    name="get_current_time",
    title="Tell the time",
    description="Get the current date and time in a time zone, given by its IANA name such as Europe/Berlin.",
    input_schema=object_schema(
        required=("timezone",),
        timezone={"type": "string", "minLength": 1, "description": "IANA name such as Asia/Tokyo, or UTC"},
    ),
    kind="other",
    risk="Only reads the server's clock.",
)


async def run(arguments: JsonObject) -> JsonObject:
    """``{"timezone", "date", "time", "weekday", "utc_offset"}``; ``date`` and ``time`` are ISO 8601.

    Raises:
        ToolFailedError: if there is no such time zone; the sentence names those with a similar name.
    """
    return time_in(text_argument(arguments, "timezone"), datetime.now(UTC))


def time_in(name: str, now: datetime) -> JsonObject:
    """What :func:`run` gives, at the moment ``now``. A city is enough where one zone alone is named after it.

    Raises:
        ToolFailedError: if there is no such time zone.
    """
    zone = _zone(name)
    there = now.astimezone(zoneinfo.ZoneInfo(zone))
    return {
        "timezone": zone,
        "date": there.date().isoformat(),
        "time": there.strftime("%H:%M:%S"),
        "weekday": there.strftime("%A"),
        "utc_offset": there.strftime("%z"),
    }


def _zone(name: str) -> str:
    wanted = name.replace(" ", "_").casefold()
    known = sorted(zoneinfo.available_timezones())
    same = [zone for zone in known if zone.casefold() == wanted]
    of_that_city = [zone for zone in known if zone.casefold().rpartition("/")[2] == wanted]
    if same:
        return same[0]
    if len(of_that_city) == 1:
        return of_that_city[0]
    near = of_that_city or _near(wanted, known)
    hint = f"Did you mean {' or '.join(near)}?" if near else "Use an IANA name such as Europe/Berlin."
    raise ToolFailedError(f"There is no time zone {name!r}. {hint}")


def _near(wanted: str, known: list[str]) -> list[str]:
    by_word = {word: zone for zone in known for word in (zone.casefold().rpartition("/")[2], zone.casefold())}
    found = difflib.get_close_matches(wanted, by_word, n=3, cutoff=0.7)
    return list(dict.fromkeys(by_word[word] for word in found))
