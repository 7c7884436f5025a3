"""The server's settings from all layers."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from server.core.jwt_claims import TokenRules
from server.core.usage import Budgets
from server.process.address import Tcp, Tls
from server.process.jwt_settings import JwtSettings
from server.process.settings import ServerSettings, read_settings
from shared.errors import UsageError
from shared.folders import socket_path
from shared.secret import Secret


def settings(home: Path, environ: dict[str, str] | None = None, **given: Any) -> ServerSettings:
    return read_settings(given, {"RINGBACK_HOME": str(home), **(environ or {})})


def written(home: Path, text: str) -> Path:
    file = home / "config" / "config.toml"
    file.parent.mkdir()
    file.write_text(text)
    return home


def test_without_any_it_listens_on_the_data_folders_own_socket(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found.data_dir == tmp_path / "data"
    assert found.address == socket_path(tmp_path / "runtime", tmp_path / "data")
    assert found.log_file == tmp_path / "state" / "server.log"
    assert not found.embedded


def test_the_command_line_comes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    home = written(tmp_path, '[server]\nmodel = "filed"\nport = 1\ngrace = 1\n')
    found = settings(home, {"RINGBACK_PORT": "2", "RINGBACK_MODEL": "told"}, port=3)
    assert (found.address, found.model, found.grace) == (Tcp("127.0.0.1", 3), "told", 1.0)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({"port": 0}, Tcp("127.0.0.1", 0)),
        ({"host": "localhost"}, Tcp("127.0.0.1", 0)),
        ({"host": "127.0.0.1", "port": 80}, Tcp("127.0.0.1", 80)),
        ({"host": "::1", "port": 80}, Tcp("::1", 80)),
        ({"host": "[::1]"}, Tcp("::1", 0)),
        ({"socket": Path("/run/s.sock")}, Path("/run/s.sock")),
    ],
)
def test_where_it_listens(tmp_path: Path, given: dict[str, Any], address: Path | Tcp) -> None:
    assert settings(tmp_path, **given).address == address


def test_what_other_machines_reach_is_encrypted_or_was_meant_not_to_be(tmp_path: Path) -> None:
    files: dict[str, Any] = {"tls_certificate": Path("/c.pem"), "tls_key": Path("/k.pem")}
    tls = Tls(Path("/c.pem"), Path("/k.pem"))
    named: dict[str, Any] = {"host": "0.0.0.0", "port": 8443, "hosts": ("Chat.example.org", "[::1]:8443")}
    assert settings(tmp_path, **named, **files).address == Tcp("0.0.0.0", 8443, tls, is_reachable=True)
    assert settings(tmp_path, **named, insecure=True).address == Tcp("0.0.0.0", 8443, is_reachable=True)
    assert settings(tmp_path, host="192.168.1.5", **files).address == Tcp("192.168.1.5", 0, tls, is_reachable=True)
    assert settings(tmp_path, host="127.0.0.1", **files).address == Tcp("127.0.0.1", 0, tls)
    assert settings(tmp_path, **named, **files).door.hosts == {"chat.example.org", "[::1]:8443"}


def test_the_door_is_told_of_origins_and_proxies(tmp_path: Path) -> None:
    door = settings(
        tmp_path, {"RINGBACK_ORIGINS": "https://A.example:1", "RINGBACK_PROXIES": "10.0.0.7,fd00::/64"}
    ).door
    assert door.origins == {"https://a.example:1"}
    assert door.proxies == (ip_network("10.0.0.7/32"), ip_network("fd00::/64"))
    assert (door.most, door.most_of_one, door.messages) == (1000, 200, 200)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"host": "0.0.0.0"}, "other machines"),
        ({"host": "::"}, "other machines"),
        ({"host": "192.168.1.5"}, "other machines"),
        ({"host": "::ffff:192.168.1.5"}, "other machines"),
        ({"host": "0.0.0.0", "tls_key": Path("key.pem")}, "go together"),
        ({"host": "0.0.0.0", "tls_certificate": Path("c.pem")}, "go together"),
        ({"host": "0.0.0.0", "tls_certificate": Path("c"), "tls_key": Path("k"), "insecure": True}, "leave it out"),
        ({"host": "0.0.0.0", "insecure": True}, "under names that this server cannot know"),
        ({"host": "::", "tls_certificate": Path("c"), "tls_key": Path("k")}, "under names"),
        ({"hosts": ("https://chat.example.org",)}, "hosts: 'https://chat.example.org' is not a name such as"),
        ({"hosts": ("a b",)}, "hosts"),
        ({"hosts": ("*",)}, "hosts"),
        ({"origins": ("chat.example.org",)}, "an origin such as"),
        ({"origins": ("null",)}, "origins"),
        ({"origins": ("https://chat.example.org/",)}, "origins"),
        ({"origins": ("*",)}, "origins"),
        ({"proxies": ("proxy.example.org",)}, "no address such as 10.0.0.7"),
        ({"proxies": ("10.0.0.1/24",)}, "proxies"),
        ({"max_connections": 0}, "max_connections is a number from 1"),
        ({"max_connections_of_one": -1}, "max_connections_of_one"),
        ({"max_messages": 0}, "max_messages"),
        ({"host": "example.org"}, "no address"),
        ({"host": ""}, "no address"),
        ({"port": -1}, "0 to 65535"),
        ({"port": 65536}, "0 to 65535"),
        ({"port": 1, "socket": Path("/s")}, "not both"),
        ({"socket": Path("/" + "x" * 107)}, "longer than 107"),
        ({"grace": 0}, "grace"),
        ({"patience": float("inf")}, "patience"),
        ({"grace": float("nan")}, "grace"),
        ({"idle_time": 0}, "idle_time"),
        ({"workers_agent": 0}, "workers_agent is a number from 1"),
        ({"workers_tool": 1_001}, "workers_tool is a number from 1 to 1000"),
        ({"budget_prompt": 0}, "budget_prompt"),
        ({"budget_completion": -1}, "budget_completion"),
        ({"budget_user": 10**15 + 1}, "budget_user"),
        ({"redis": " "}, "no address of a Redis"),
        ({"tools": ("my_tools",)}, "package.module:Class, not 'my_tools'"),
        ({"tools": ("my tools:Dice",)}, "package.module:Class"),
        ({"tools": ("my_tools:Dice()",)}, "package.module:Class"),
        ({"tenants": ("acme", "a\nb")}, "tenants: A tenant has 1 to 64 printable"),
        ({"jwks": Path("keys.json")}, "jwt_issuer and jwt_audience too"),
        ({"jwks": Path("keys.json"), "jwt_issuer": "https://issuer"}, "jwt_issuer and jwt_audience too"),
        ({"jwks": Path("keys.json"), "jwt_audience": "ringback"}, "jwt_issuer and jwt_audience too"),
        ({"jwt_issuer": "https://issuer"}, "of no use without jwks"),
        ({"jwt_audience": "ringback"}, "of no use without jwks"),
        ({"jwt_max_lifetime": -1}, "jwt_max_lifetime"),
    ],
)
def test_what_cannot_be_is_a_sentence(tmp_path: Path, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        settings(tmp_path, **given)


def test_of_all_the_rest_nothing_is_asked_for_unless_it_is_said(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert (found.idle_time, found.workers_agent, found.workers_tool) == (1800, 16, 64)
    assert (found.redis, found.tools, found.tenants, found.jwt) == (None, (), frozenset(), None)
    assert found.budgets == Budgets()


def test_lists_are_lists_in_the_file_and_have_commas_in_the_environment(tmp_path: Path) -> None:
    home = written(tmp_path, '[server]\ntools = ["my_tools:Dice", "a.b.c:D"]\ntenants = ["Acme", "default"]\n')
    assert settings(home).tools == ("my_tools:Dice", "a.b.c:D")
    assert settings(home).tenants == {"Acme", "default"}
    told = settings(home, {"RINGBACK_TENANTS": "one, two ,,Jose\u0301", "RINGBACK_TOOLS": "x:Y"})
    assert told.tenants == {"one", "two", "Jos\u00e9"}
    assert told.tools == ("x:Y",)


def test_budgets_and_workers_are_numbers_in_the_environment_too(tmp_path: Path) -> None:
    found = settings(
        tmp_path, {"RINGBACK_BUDGET_PROMPT": "1", "RINGBACK_BUDGET_COMPLETION": "2", "RINGBACK_BUDGET_USER": "3"}
    )
    assert found.budgets == Budgets(prompt=1, completion=2, user=3)
    with pytest.raises(UsageError, match="RINGBACK_WORKERS_TOOL: 'many'"):
        settings(tmp_path, {"RINGBACK_WORKERS_TOOL": "many"})


def test_what_tokens_must_say(tmp_path: Path) -> None:
    home = written(tmp_path, '[server]\njwks = "keys.json"\njwt_issuer = "https://issuer"\njwt_audience = "ringback"\n')
    assert settings(home, jwt_max_lifetime=60).jwt == JwtSettings(
        Path("keys.json").absolute(), TokenRules("https://issuer", "ringback", 60)
    )


def test_the_address_of_redis_is_not_shown_with_the_settings(tmp_path: Path) -> None:
    found = settings(tmp_path, {"RINGBACK_REDIS": "redis://:canary@127.0.0.1/0"})
    assert found.redis == Secret("redis://:canary@127.0.0.1/0")
    assert "canary" not in repr(found)


def test_an_unknown_setting_in_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'prot'"):
        settings(written(tmp_path, "[server]\nprot = 1\n"))


def test_the_environment_is_not_shown_with_the_settings(tmp_path: Path) -> None:
    assert "canary" not in repr(settings(tmp_path, {"GOOGLE_API_KEY": "canary"}))
