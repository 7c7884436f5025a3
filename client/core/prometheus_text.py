"""Reads Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats. Pure and forgiving."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

Labels: TypeAlias = tuple[tuple[str, str], ...]

_LABEL = re.compile(r'([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"')
_SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)\s*(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s+(\S+)(?:\s.*)?')
_ABOUT = re.compile(r"#\s*(HELP|TYPE)\s+([a-zA-Z_:][\w:]*)\s*(.*)")
_ESCAPES = {"n": "\n", "\\": "\\", '"': '"'}
_PARTS = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}


@dataclass(frozen=True, slots=True)
class Sample:
    """One number. ``suffix`` is what its name has after the family's, such as ``_count``."""

    suffix: str
    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class Family:
    """The numbers of one metric. ``kind`` is Prometheus' word; ``untyped`` if it was not said."""

    name: str
    kind: str
    about: str
    samples: tuple[Sample, ...]


def read_families(text: str) -> tuple[Family, ...]:
    """Every metric in the order of the text; lines that make no sense are left out."""
    kinds: dict[str, str] = {}
    abouts: dict[str, str] = {}
    samples: dict[str, list[Sample]] = {}
    for line in text.split("\n"):
        if line.startswith("#"):
            if said := _ABOUT.fullmatch(line.strip()):
                word, name, rest = said.groups()
                (kinds if word == "TYPE" else abouts)[name] = rest
        elif found := _SAMPLE.fullmatch(line.strip()):
            name, labels, digits = found.groups()
            family, suffix = _family(name, kinds)
            value = _number(digits)
            if value is not None:
                samples.setdefault(family, []).append(Sample(suffix, _labels(labels or ""), value))
    return tuple(
        Family(name, kinds.get(name, "untyped"), abouts.get(name, ""), tuple(found)) for name, found in samples.items()
    )


def _family(name: str, kinds: dict[str, str]) -> tuple[str, str]:
    for kind, suffixes in _PARTS.items():
        for suffix in suffixes:
            if name.endswith(suffix) and kinds.get(name.removesuffix(suffix)) == kind:
                return name.removesuffix(suffix), suffix
    return name, ""


def _labels(text: str) -> Labels:
    return tuple((name, _unescaped(value)) for name, value in _LABEL.findall(text))


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found.group(1), found.group()), value)


def _number(digits: str) -> float | None:
    try:
        return float(digits)
    except ValueError:
        return None
