"""Settings from their layers: who wins, and what a person reads when something does not fit."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from shared.errors import UsageError
from shared.layers import merge, read_toml

FILE = Path("config.toml")


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: str = "demo"
    port: int | None = None
    embedded: bool = False
    data_dir: Path | None = None
    tenants: tuple[str, ...] = ()


def sample(
    given: dict[str, object] | None = None,
    environ: dict[str, str] | None = None,
    table: dict[str, object] | None = None,
) -> Sample:
    return merge(Sample, given=given or {}, environ=environ or {}, table=table or {}, source=FILE)


def test_the_command_line_beats_the_environment_beats_the_file_beats_the_default() -> None:
    table, environ, given = {"model": "file"}, {"RINGBACK_MODEL": "environment"}, {"model": "command line"}
    assert sample().model == "demo"
    assert sample(table={**table}).model == "file"
    assert sample(environ=environ, table={**table}).model == "environment"
    assert sample({**given}, environ, {**table}).model == "command line"


def test_an_option_that_was_not_used_does_not_count() -> None:
    assert sample({"model": None}, table={"model": "file"}).model == "file"


def test_words_of_the_environment_become_the_fields_type() -> None:
    found = sample(environ={"RINGBACK_PORT": "8080", "RINGBACK_EMBEDDED": "true", "RINGBACK_DATA_DIR": "/x/y"})
    assert found == Sample(port=8080, embedded=True, data_dir=Path("/x/y"))


def test_a_list_of_the_environment_has_commas_between_its_parts() -> None:
    assert sample(environ={"RINGBACK_TENANTS": " one,two words , ,"}).tenants == ("one", "two words")
    assert sample(environ={"RINGBACK_TENANTS": "one"}, table={"tenants": ["other"]}).tenants == ("one",)
    assert sample(environ={"RINGBACK_MODEL": "a,b"}).model == "a,b"


@pytest.mark.parametrize(
    ("layers", "named"),
    [
        ({"table": {"tenants": "one"}}, "tenants in config.toml: 'one'"),
        ({"given": {"port": "many"}}, "--port: 'many'"),
        ({"environ": {"RINGBACK_PORT": "many"}}, "RINGBACK_PORT: 'many'"),
        ({"table": {"port": "many"}}, "port in config.toml: 'many'"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_where_it_was_said(
    layers: dict[str, dict[str, str]], named: str
) -> None:
    with pytest.raises(UsageError) as caught:
        merge(
            Sample,
            given=layers.get("given", {}),
            environ=layers.get("environ", {}),
            table=layers.get("table", {}),
            source=FILE,
        )
    assert str(caught.value).startswith(named)


def test_an_unknown_setting_is_named_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match=r"unknown setting 'modle'.*model"):
        sample(table={"modle": "x"})


def test_an_absent_file_is_an_empty_one(tmp_path: Path) -> None:
    assert read_toml(tmp_path / "config.toml") == {}


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "config.toml"
    broken.write_text("[client\n", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be read"):
        read_toml(broken)
