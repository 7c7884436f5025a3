"""Where a device says it is: a name, a pair of coordinates, or both."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.errors import UsageError
from shared.json_types import JsonObject

_COORDINATES = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*,\s*([+-]?\d+(?:\.\d+)?)\s*")
MAX_LATITUDE, MAX_LONGITUDE = 90.0, 180.0


@dataclass(frozen=True, slots=True)
class Place:
    """A place; ``latitude`` and ``longitude`` are degrees, north and east positive, both there or both absent."""

    name: str
    latitude: float | None = None
    longitude: float | None = None

    @property
    def as_json(self) -> JsonObject:
        """``{"location": …}``, with ``latitude`` and ``longitude`` where they are known."""
        if self.latitude is None or self.longitude is None:
            return {"location": self.name}
        return {"location": self.name, "latitude": self.latitude, "longitude": self.longitude}


def parse_place(text: str) -> Place:
    """The place that a person wrote: ``Lisbon`` or ``38.72,-9.14``.

    Raises:
        UsageError: if nothing is written, or if the coordinates are not on Earth.
    """
    match = _COORDINATES.fullmatch(text)
    if match is None:
        if not text.strip():
            raise UsageError('The location is empty. Write a city, or "latitude,longitude" in degrees.')
        return Place(text.strip())
    latitude, longitude = float(match[1]), float(match[2])
    if abs(latitude) > MAX_LATITUDE or abs(longitude) > MAX_LONGITUDE:
        raise UsageError(
            f"The location {text.strip()} is not on Earth: latitude goes from -90 to 90, longitude from -180 to 180."
        )
    return Place(f"{latitude:g}, {longitude:g}", latitude, longitude)
