"""Runs ``get_location``: where the person said the device is, or where a simulated device pretends to be."""

from __future__ import annotations

from client.tools.device import SIMULATED_PLACES, DeviceState
from client.tools.failure import ToolFailedError
from shared.json_types import JsonObject


async def run(_arguments: JsonObject, state: DeviceState) -> JsonObject:
    """``{"success": True, "location": …, "source": …}``, with ``latitude`` and ``longitude`` in degrees if known.

    Raises:
        ToolFailedError: if nobody said where the device is.
    """
    if state.place is not None:
        return {"success": True, **state.place.as_json, "source": "settings"}
    simulated = SIMULATED_PLACES.get(state.device.id)
    if simulated is None:
        raise ToolFailedError(
            "This device does not know where it is. The user can say it with RINGBACK_LOCATION, or with location "
            'under [client] in config.toml: a city, or "latitude,longitude".'
        )
    return {"success": True, **simulated.as_json, "source": f"simulated device {state.device.label}"}
