"""The real listener with all its options, which lets everybody in and sends back what it gets. For Autobahn's suite.

Start it with ``python -m``: it prints its address.
"""

from __future__ import annotations

import asyncio
from typing import Any

from websockets.exceptions import ConnectionClosed

from server.core.identity import Admission, Scope, identity_named
from server.gateway import listener as module
from server.gateway.authenticator import Authenticator, Entered, LocalToken
from server.gateway.door import DoorConfig, Presented
from server.gateway.line import Line
from server.gateway.listener import Entrance, Listener
from server.gateway.sockets import bind_tcp
from server.ports import KeyStore
from shared.secret import Secret

ANYBODY = Admission(identity_named("default", "anybody"), frozenset({Scope.CHAT}), "none")


async def echo(line: Line) -> None:
    try:
        async for message in line:
            await line.send(message)
    except ConnectionClosed:
        pass


async def nothing() -> str:
    return ""


async def no_keys() -> KeyStore:
    raise NotImplementedError


async def let_in(*_: Any) -> Entered:
    return Entered(Presented(Secret(""), is_bearer=True), ANYBODY, ANYBODY)


async def main() -> None:
    vars(module)["enter"] = let_in
    nobody = Authenticator(LocalToken(Secret(""), ANYBODY.identity), no_keys)
    entrance = Entrance(bind_tcp("127.0.0.1", 0), DoorConfig(frozenset()), nobody)
    listener = Listener(echo, nothing)
    await listener.listen(entrance)
    if listener._watch is not None:
        # It would find that nobody showed anything.
        listener._watch.cancel()
    print(entrance.url, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
