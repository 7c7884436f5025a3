"""What F2 says of a tab."""

from __future__ import annotations

from client.core.device_presets import PRESETS
from client.core.tab_details import NOT_YET, TabDetails
from client.core.tab_mark import LinkState
from shared.frames import UsageChanged
from shared.usage import TokenUsage


def rows(usage: UsageChanged | None, in_all: TokenUsage | None) -> dict[str, str]:
    return dict(TabDetails("Tab 1", PRESETS[0], LinkState.OPEN, None, "0.1.0", usage, in_all).rows())


def test_tokens_stand_there_for_this_conversation_for_all_and_for_the_context() -> None:
    told = rows(UsageChanged(1801, 128_000, TokenUsage(1234, 567, 1801)), TokenUsage(9000, 1000, 10_000))
    assert told["Tokens here"] == "1,234 prompt · 567 completion · 1,801 total"
    assert told["Tokens in all"] == "9,000 prompt · 1,000 completion · 10,000 total"
    assert told["Context"] == "1,801 of 128,000 (1 %)"


def test_what_the_server_did_not_say_is_not_known_yet() -> None:
    told = rows(None, None)
    assert (told["Tokens here"], told["Tokens in all"], told["Context"]) == (NOT_YET, NOT_YET, NOT_YET)
    foreign = rows(UsageChanged(5, 100), None)
    assert (foreign["Tokens here"], foreign["Tokens in all"], foreign["Context"]) == (
        NOT_YET,
        NOT_YET,
        "5 of 100 (5 %)",
    )
