"""Where a link leads can be read, and cannot pass for another address."""

from __future__ import annotations

import pytest

from client.core.link_target import is_told, shown_target


@pytest.mark.parametrize(
    ("href", "shown"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("https://\u0430pple.com/x", "https://xn--pple-43d.com/x"),
        ("https://bank.example@evil.example/", "https://bank.example@evil.example/"),
        ("https://example.org/\u202egnp.exe", "https://example.org/%E2%80%AEgnp.exe"),
        ("https://example.org/\x1b]0;x\x07", "https://example.org/%1B]0;x%07"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("https://[::1", "https://[::1"),
        ("https://\ud800.example/", "https://?.example/"),
    ],
)
def test_a_target_is_shown_in_full_and_in_ascii(href: str, shown: str) -> None:
    assert shown_target(href) == shown
    assert shown.isascii()


def test_a_link_that_says_where_it_leads_does_not_say_it_twice() -> None:
    assert is_told("https://example.org", "https://example.org/")
    assert is_told("ada@example.org", "mailto:ada@example.org")
    assert not is_told("https://bank.example", "https://evil.example")
    assert not is_told("\u0430pple.com", "http://xn--pple-43d.com")
