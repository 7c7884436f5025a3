"""The tool ``get_weather``: the current weather in a city, from Open-Meteo (https://open-meteo.com/en/docs)."""

from __future__ import annotations

import asyncio
import functools
import ssl
from typing import NoReturn

import httpx

from server.agent.backend_tool import text_argument
from server.core.tool_failure import ToolFailedError
from shared.json_types import JsonObject, JsonValue
from shared.tool_spec import ToolSpec, object_schema

GEOCODING_URL = "https://geocoding-api.open-meteo.com/v1/search"
FORECAST_URL = "https://api.open-meteo.com/v1/forecast"
TIMEOUT = 8.0
"""How long each of the two requests may take, in seconds."""

SPEC = ToolSpec(
    name="get_weather",
    title="Look up the weather",
    description="Get the current weather in a city: temperature, humidity, wind and conditions.",
    input_schema=object_schema(
        required=("city",),
        city={"type": "string", "minLength": 1, "description": "Name of the city, such as Lisbon"},
    ),
    kind="fetch",
    risk="Sends the city's name to open-meteo.com.",
)

_CURRENT = {
    "temperature_2m": "temperature_c",
    "apparent_temperature": "feels_like_c",
    "relative_humidity_2m": "humidity_percent",
    "wind_speed_10m": "wind_kmh",
}
_CONDITIONS = (
    (0, "clear sky"), (1, "mainly clear"), (2, "partly cloudy"), (3, "overcast"), (48, "fog"), (57, "drizzle"),
    (67, "rain"), (77, "snow"), (82, "rain showers"), (86, "snow showers"), (99, "thunderstorm"),
)  # fmt: skip
"""The highest WMO code of each kind of weather, ascending."""


async def run(
    arguments: JsonObject,
    *,
    geocoding_url: str = GEOCODING_URL,
    forecast_url: str = FORECAST_URL,
    transport: httpx.AsyncBaseTransport | None = None,
) -> JsonObject:
    """``{"place", "temperature_c", "feels_like_c", "humidity_percent", "wind_kmh", "conditions"}``.

    Raises:
        ToolFailedError: if the city is unknown, or the service cannot be reached or answers with nonsense.
    """
    city = text_argument(arguments, "city")
    verify = await asyncio.to_thread(_certificates)
    async with httpx.AsyncClient(timeout=TIMEOUT, transport=transport, verify=verify) as client:
        places = (await _get(client, geocoding_url, {"name": city, "count": "1", "format": "json"})).get("results")
        if not places:
            raise ToolFailedError(f"There is no city called {city!r} in the weather service. Check its spelling.")
        place = _first(places)
        where = {"latitude": _word(place, "latitude"), "longitude": _word(place, "longitude")}
        answer = await _get(client, forecast_url, {**where, "current": ",".join([*_CURRENT, "weather_code"])})
    current = answer.get("current")
    if not isinstance(current, dict):
        _nonsense()
    facts: JsonObject = {name: current.get(theirs) for theirs, name in _CURRENT.items()}
    return {"place": _name(place), **facts, "conditions": _conditions(current.get("weather_code"))}


async def _get(client: httpx.AsyncClient, url: str, query: dict[str, str]) -> JsonObject:
    try:
        answer = await client.get(url, params=query)
        answer.raise_for_status()
        body = answer.json()
    except httpx.TimeoutException as error:
        raise ToolFailedError("The weather service did not answer in time. Try again later.") from error
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        raise ToolFailedError(f"The weather service answered with HTTP {status}. Try again later.") from error
    except httpx.HTTPError as error:
        raise ToolFailedError("The weather service cannot be reached. Is this machine online?") from error
    except ValueError:
        _nonsense()
    return body if isinstance(body, dict) else _nonsense()


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Read once: it takes long enough to be felt by every tab."""
    return httpx.create_ssl_context()


def _first(places: JsonValue) -> JsonObject:
    if isinstance(places, list) and places and isinstance(places[0], dict):
        return places[0]
    return _nonsense()


def _word(place: JsonObject, key: str) -> str:
    value = place.get(key)
    return str(value) if isinstance(value, int | float) else _nonsense()


def _name(place: JsonObject) -> str:
    parts = [place.get("name"), place.get("country")]
    return ", ".join(part for part in parts if isinstance(part, str))


def _conditions(code: JsonValue) -> str:
    if not isinstance(code, int | float):
        return "unknown"
    return next((words for highest, words in _CONDITIONS if code <= highest), "unknown")


def _nonsense() -> NoReturn:
    raise ToolFailedError("The weather service gave an answer that makes no sense. Try again later.")
