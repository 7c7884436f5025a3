"""A file of an export has one plain name in one folder, whatever the conversation is called."""

from __future__ import annotations

from itertools import islice
from unicodedata import category, is_normalized

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.core.export_name import MOST_BYTES, file_name, further_names


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Plan the party", "Plan the party.md"),
        ("", "conversation.md"),
        ("../../etc/passwd", "etc_passwd.md"),
        ("/etc/passwd", "etc_passwd.md"),
        ("..", "conversation.md"),
        ("a\x00b\nc\td", "ab c d.md"),
        ("CON", "conversation CON.md"),
        ("con.txt", "conversation con.txt.md"),
        ("lpt\u00b9", "conversation lpt\u00b9.md"),
        ("C:\\Users\\ada", "C_Users_ada.md"),
        ("ends with dots. . .", "ends with dots.md"),
        (".hidden", "hidden.md"),
        ("\u2024\u2024\u2215x\uff0fy", "\u2024\u2024_x_y.md"),
        ("safe\u202etxt.exe", "safetxt.exe.md"),
        ("cafe\u0301", "caf\u00e9.md"),
        ("~root", "root.md"),
        ("-rf", "rf.md"),
    ],
)
def test_a_title_becomes_a_name(title: str, name: str) -> None:
    assert file_name(title, ".md") == name


def test_a_name_that_is_taken_is_counted_up_and_stays_short() -> None:
    names = list(islice(further_names(file_name("\u00fc" * 300, ".json")), 12))
    assert len(set(names)) == 12
    assert names[1].endswith("-2.json")
    assert all(len(name.encode()) <= MOST_BYTES for name in names)


@given(st.text(max_size=200), st.sampled_from([".md", ".json"]))
def test_every_name_is_one_plain_name(title: str, ending: str) -> None:
    for name in islice(further_names(file_name(title, ending)), 3):
        assert len(name.encode()) <= MOST_BYTES
        assert name.endswith(ending)
        assert is_normalized("NFC", name)
        assert name[0] not in " .-~"
        assert not set(name) & set('/\\:*?"<>|')
        assert not any(category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in name)
