"""Takes out of log lines what opens something: the last net, below the type that does not print.

Every repetition has a bound, for what is looked through may have been written to take long.
"""

from __future__ import annotations

import re

from shared.secret import HIDDEN

LONGEST = 32_768
"""A longer text is cut to this, in characters."""

_CUT = " … (cut)"
_IS = r"[\"'\\]{0,3}\s{0,8}[:=,]\s{0,8}"
_QUOTED = r"b?\\?\"[^\"\r\n]{0,8192}|b?\\?'[^'\r\n]{0,8192}"
_PATTERNS = (
    # The headers that carry credentials, as HTTP libraries log them: all of the value.
    re.compile(
        rf"(?i)(?<![\w-])((?:(?:proxy-)?authorization|x-api-key|x-goog-api-key|set-cookie|cookie){_IS})"
        rf"(?:{_QUOTED}|[^\r\n\"')]{{1,8192}})"
    ),
    re.compile(r"(?i)\b(bearer\s{1,8})[A-Za-z0-9._~+/=-]{8,8192}"),
    # Settings and fields whose names say so.
    re.compile(
        r"(?i)(?<!\w)(\w{0,40}(?:secret|password|passwd|token|api_?key|private_key)\w{0,20}"
        rf"{_IS})(?:{_QUOTED}|[^\s\"',}}&)]{{6,8192}})"
    ),
    # A password in an address.
    re.compile(r"(?i)(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,30}://[^\s/:@]{0,256}:)[^\s@]{1,1024}(?=@)"),
    # Our own keys: the id may be shown. JSON Web Tokens. The keys of other services.
    re.compile(r"\b(rbk_[a-z2-7]{10}_)[A-Za-z0-9_-]{20,256}"),
    re.compile(r"\b()eyJ[A-Za-z0-9_-]{5,8192}\.[A-Za-z0-9_-]{1,8192}\.[A-Za-z0-9_-]{0,8192}"),
    re.compile(r"\b()(?:sk|pk|rk)-[A-Za-z0-9_-]{16,512}"),
    re.compile(r"\b()(?:AIza|ghp_|gho_|ghs_|github_pat_|xox[a-z]-)[A-Za-z0-9_-]{16,512}"),
)


def redacted(text: str) -> str:
    """``text`` with ``(secret)`` in the place of everything that looks like a credential; what is very long is cut."""
    if len(text) > LONGEST:
        text = text[:LONGEST] + _CUT
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return text
