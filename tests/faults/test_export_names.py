"""Exports stay in their folder: hostile names, for files and for the folder, write nothing outside of it."""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from client import export_file
from client.core.export_name import further_names
from client.export_file import write_export
from shared.errors import ExportError

COUNT = 500
_ATOMS = (
    "..", "/", "\\", "../", "..\\", "../../../../tmp/x", "/etc/passwd", "\x00", "\n", "\r", "\x1b[2J",
    "~", "~root", "$HOME", "CON", "nul", "COM1", "aux.md", ".", "...", " ", ". .", "-rf", "*", "?", ":",
    "C:", "\u2215", "\uff0f", "\u2044", "\u29f5", "\u202e", "\u200b", "\ufeff", "a" * 300,
    "\u00fc" * 200, "\U0001f600" * 90, "e\u0301", "\ud800", "%2e%2e%2f", "..%c0%af", "link",
    "link/inside", "folder/x", "|sh", ";rm", "`id`", "$(id)", "", "name", ".md", ".json", ".bashrc",
    "exports",
)  # fmt: skip


def hostile_names(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [*_ATOMS, *("".join(chance.choices(_ATOMS, k=chance.randint(1, 5))) for _ in range(count - len(_ATOMS)))]


def check(home: Path, count: int) -> list[str]:
    """Export under every name, in a folder with links that lead out of it; what was written wrongly."""
    outside, exports = home / "outside", home / "data" / "exports"
    outside.mkdir()
    (outside / "kept.md").write_text("before")
    exports.mkdir(parents=True)
    for name in ("link.md", "link", "name.md", "conversation.md", "etc_passwd.md"):
        (exports / name).symlink_to(outside / "kept.md")
    (exports / "folder").symlink_to(outside)
    wrongs: list[str] = []
    for name in hostile_names(count, seed=27):
        before = {path for path in home.rglob("*") if exports not in path.parents}
        try:
            file = write_export(exports, name, ".md", name)
        except (OSError, ValueError) as error:
            wrongs.append(f"{name[:40]!a}: {error!r:.80}")
            continue
        except ExportError as error:
            wrongs.append(f"{name[:40]!a} cannot be exported: {error}")
            continue
        if file.parent.resolve() != exports.resolve() or file.is_symlink() or not file.is_file():
            wrongs.append(f"{name[:40]!a} went to {ascii(str(file))[:80]}")
        elif stat.S_IMODE(file.stat().st_mode) != 0o600:
            wrongs.append(f"{name[:40]!a} can be read by others")
        if {path for path in home.rglob("*") if exports not in path.parents} != before:
            wrongs.append(f"{name[:40]!a} wrote outside")
    if (outside / "kept.md").read_text() != "before" or len(list(outside.iterdir())) != 1:
        wrongs.append("what stands outside was changed")
    if stat.S_IMODE(exports.stat().st_mode) != 0o700:
        wrongs.append("the folder is open to others")
    return wrongs


def test_no_name_writes_outside_of_the_folder(tmp_path: Path) -> None:
    assert check(tmp_path, COUNT) == []
    print(f"{COUNT} hostile names: 0 outside")


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "exports").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ExportError, match="it is a link"):
        write_export(tmp_path / "exports", "x", ".md", "x")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(ExportError, match="Nothing was exported"):
        write_export(tmp_path / "data" / "exports", "x", ".md", "x")


def _as_it_is(title: str, ending: str) -> str:
    return f"{title}{ending}"


def _overwriting(inside: int, wanted: str, content: bytes) -> str:

    descriptor = os.open(wanted, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600, dir_fd=inside)
    os.write(descriptor, content)
    os.close(descriptor)
    return wanted


@pytest.mark.parametrize(("part", "plant"), [("file_name", _as_it_is), ("_write", _overwriting)])
def test_a_planted_bug_is_caught(
    part: str, plant: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_file, part, plant)
    assert check(tmp_path, 60)


def test_the_names_of_one_title_are_all_different() -> None:
    names = list(further_names("x.md"))
    assert len(names) == len(set(names)) == 1000
