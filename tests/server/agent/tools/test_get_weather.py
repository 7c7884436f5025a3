"""The weather, from recorded answers and from a service that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from server.agent.tools.get_weather import run
from server.core.tool_failure import ToolFailedError

PLACES = {"results": [{"name": "Lisbon", "country": "Portugal", "latitude": 38.71667, "longitude": -9.13333}]}
CURRENT = {
    "current": {
        "temperature_2m": 17.4, "apparent_temperature": 16.9, "relative_humidity_2m": 72, "wind_speed_10m": 11.2,
        "weather_code": 2,
    }
}  # fmt: skip


def service(places: object = PLACES, current: object = CURRENT) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/search":
            assert request.url.params["name"] == "Lisbon"
            return httpx.Response(200, json=places)
        assert request.url.params["latitude"] == "38.71667"
        return httpx.Response(200, json=current)

    return httpx.MockTransport(answer)


async def test_the_weather_in_a_city() -> None:
    assert await run({"city": "Lisbon"}, transport=service()) == {
        "place": "Lisbon, Portugal",
        "temperature_c": 17.4,
        "feels_like_c": 16.9,
        "humidity_percent": 72,
        "wind_kmh": 11.2,
        "conditions": "partly cloudy",
    }


@pytest.mark.parametrize("places", [{}, {"results": []}])
async def test_a_city_that_nobody_knows(places: object) -> None:
    with pytest.raises(ToolFailedError, match="There is no city called 'Lisbon'"):
        await run({"city": "Lisbon"}, transport=service(places))


@pytest.mark.parametrize("places", [[], {"results": "x"}, {"results": [1]}, {"results": [{"name": "Lisbon"}]}])
async def test_places_that_make_no_sense(places: object) -> None:
    with pytest.raises(ToolFailedError, match="makes no sense"):
        await run({"city": "Lisbon"}, transport=service(places))


@pytest.mark.parametrize("current", [{}, [], {"current": 1}])
async def test_a_forecast_that_makes_no_sense(current: object) -> None:
    with pytest.raises(ToolFailedError, match="makes no sense"):
        await run({"city": "Lisbon"}, transport=service(current=current))


def fail(error: type[httpx.TransportError]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("inner text", request=request)

    return answer


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (fail(httpx.ConnectError), "cannot be reached. Is this machine online?"),
        (fail(httpx.ReadTimeout), "did not answer in time"),
        (lambda _: httpx.Response(503), "answered with HTTP 503"),
        (lambda _: httpx.Response(200, text="<html>"), "makes no sense"),
    ],
)
async def test_a_service_in_trouble(answer: Callable[[httpx.Request], httpx.Response], sentence: str) -> None:
    with pytest.raises(ToolFailedError, match=sentence):
        await run({"city": "Lisbon"}, transport=httpx.MockTransport(answer))


async def test_over_a_real_connection_that_is_refused() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(ToolFailedError, match="cannot be reached"):
        await run({"city": "Lisbon"}, geocoding_url=f"http://127.0.0.1:{port}/v1/search")
