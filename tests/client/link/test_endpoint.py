"""Where a server listens."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.link.endpoint import Endpoint
from shared.errors import UsageError
from shared.secret import Secret


def test_our_own_form_names_a_socket() -> None:
    assert Endpoint("ws+unix:///run/a b/s.sock:/acp").socket == Path("/run/a b/s.sock")


@pytest.mark.parametrize("url", ["ws://127.0.0.1:7000/acp", "wss://example.org/acp", "ws://[::1]:7000/acp"])
def test_addresses_on_a_network_have_no_socket(url: str) -> None:
    assert Endpoint(url).socket is None


@pytest.mark.parametrize(
    "url",
    ["", "ws://", "http://x/acp", "localhost:7000", "ws://x:port/acp", "ws://x:99999/acp", "ws+unix://", "ws://[::1"],
)
def test_what_is_no_address_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(UsageError, match=r"address|names no socket"):
        Endpoint(url)


def test_its_token_is_not_shown() -> None:
    assert "hunter2" not in repr(Endpoint("ws://x/acp", Secret("hunter2")))
