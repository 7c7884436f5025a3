"""Where an address leads, and what about it could mislead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.core.url_parts import UrlRefusedError, url_parts
from client.core.url_preview import url_preview


@pytest.mark.parametrize(
    ("url", "host", "read", "port", "is_near"),
    [
        ("https://example.org", "example.org", "example.org", None, False),
        ("HTTPS://Example.ORG/Path?q=1#x", "example.org", "example.org", None, False),
        ("https://example.org:443/", "example.org", "example.org", None, False),
        ("http://example.org:8080/", "example.org", "example.org", 8080, False),
        ("https://bücher.example/", "xn--bcher-kva.example", "bücher.example", None, False),
        ("https://xn--pple-43d.com/", "xn--pple-43d.com", "\u0430pple.com", None, False),
        ("https://\u0430pple.com/", "xn--pple-43d.com", "\u0430pple.com", None, False),
        ("http://localhost:3000", "localhost", "localhost", 3000, True),
        ("http://127.0.0.1/", "127.0.0.1", "127.0.0.1", None, True),
        ("http://169.254.169.254/latest", "169.254.169.254", "169.254.169.254", None, True),
        ("http://[::1]/", "::1", "::1", None, True),
        ("http://printer/", "printer", "printer", None, True),
        ("https://8.8.8.8/", "8.8.8.8", "8.8.8.8", None, False),
    ],
)
def test_an_address_is_taken_apart(url: str, host: str, read: str, port: int | None, is_near: bool) -> None:
    parts = url_parts(url)
    assert (parts.host, parts.host_as_read, parts.port, parts.is_near) == (host, read, port, is_near)


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "//example.org", "javascript:alert(1)", "file:///etc/passwd", "data:text/html,x",
        "mailto:a@b.c", "ftp://example.org", "https://", "https:///x", "https://user@example.org",
        "https://good.example@evil.example", "https://a:b@example.org/", "https://good.example\\@evil.example",
        "https://exam ple.org", "https://example.org/a b", " https://example.org", "https://example.org\n",
        "https://exa\u200bmple.org", "https://example.org/\u202egpj.exe", "https://example.org/\x1b[2J",
        "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/", "https://[::1", "https://[x]/",
        "https://example.org:99999/", "https://example.org:x/", "https://-x.org/", "https://a..b/", "https://a%00b/",
        "https://ex\uff05ample.org/", "https://\u2100.example/", "https://example.org/\ud800", "https://x" + "y" * 9000,
    ],
)  # fmt: skip
def test_what_is_no_web_page_or_can_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(UrlRefusedError):
        url_parts(url)
    preview = url_preview(url)
    assert preview.facts[0].is_warning
    assert preview.facts[0].text.startswith("It would be refused: ")


@given(st.text(max_size=40))
def test_no_text_is_more_than_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.org/{text}"):
        try:
            address = url_parts(url).address
        except UrlRefusedError:
            continue
        assert address.startswith(("http://", "https://"))
        assert url_parts(address).address == address, "what is opened leads where it says"


def test_whatever_is_unusual_is_said() -> None:
    said = [fact.text for fact in url_preview("http://bücher.example:8080/x").facts if fact.is_warning]
    assert [line.split(":")[0].split(",")[0] for line in said] == [
        "The host reads bücher.example",
        "On port 8080",
        "Not encrypted",
    ]
    plain = url_preview("https://example.org/x")
    assert [fact.text for fact in plain.facts] == ["Leads to example.org"]
    assert [line.text for line in plain.block] == ["https://example.org/x"]
