"""Settings from several layers into one typed record: command line, environment, config file, defaults."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_origin

import msgspec

from shared.errors import UsageError

PREFIX = "RINGBACK_"

Settings = TypeVar("Settings", bound=msgspec.Struct)


def read_toml(path: Path) -> dict[str, Any]:
    """The config file's content; an absent file is an empty one.

    Raises:
        UsageError: if the file is there but cannot be read or parsed.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"The config file {path} cannot be read: {error}. Mend it or move it away.") from error


def merge(
    kind: type[Settings],
    *,
    given: Mapping[str, Any],
    environ: Mapping[str, str],
    table: Mapping[str, Any],
    source: Path,
) -> Settings:
    """A ``kind`` from the first layer that names each field: ``given``, then ``RINGBACK_<FIELD>``, then ``table``.

    ``given`` holds the command line's values, ``None`` where an option was not used. ``source`` names the
    config file in error messages. Strings are turned into the field's type; where that is a tuple, the environment
    names its parts with commas between them.

    Raises:
        UsageError: if a value does not fit its field, or ``table`` has a key that is no field; the sentence names
            the option, variable or key.
    """
    names = [field.name for field in msgspec.structs.fields(kind)]
    unknown = sorted(set(table) - set(names))
    if unknown:
        raise UsageError(f"{source}: unknown setting {unknown[0]!r}. Known here: {', '.join(sorted(names))}.")
    values: dict[str, Any] = {}
    spoken_by: dict[str, str] = {}
    for name in names:
        if given.get(name) is not None:
            values[name], spoken_by[name] = given[name], f"--{name.replace('_', '-')}"
        elif environ.get(PREFIX + name.upper()):
            values[name], spoken_by[name] = _listed(kind, name, environ[PREFIX + name.upper()]), PREFIX + name.upper()
        elif name in table:
            values[name], spoken_by[name] = table[name], f"{name} in {source}"
    for name, value in values.items():
        try:
            msgspec.convert({name: value}, _one_field(kind, name), strict=False, dec_hook=_convert)
        except msgspec.ValidationError as error:
            reason = str(error).split(" - at ")[0]
            raise UsageError(f"{spoken_by[name]}: {value!r} does not fit: {reason}.") from error
    return msgspec.convert(values, kind, strict=False, dec_hook=_convert)


def _listed(kind: type[msgspec.Struct], name: str, text: str) -> str | list[str]:
    if get_origin(_type_of(kind, name)) is not tuple:
        return text
    return [part.strip() for part in text.split(",") if part.strip()]


def _one_field(kind: type[msgspec.Struct], name: str) -> type[msgspec.Struct]:
    return msgspec.defstruct("OneSetting", [(name, _type_of(kind, name))])


def _type_of(kind: type[msgspec.Struct], name: str) -> Any:  # noqa: ANN401  (a type's parts have no common type)
    return next(field.type for field in msgspec.structs.fields(kind) if field.name == name)


def _convert(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, (str, Path)):
        return Path(value).expanduser()
    raise NotImplementedError(f"a setting of type {kind} is not supported")
