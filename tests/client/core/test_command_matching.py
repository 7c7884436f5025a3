"""Which commands are offered while one is typed, and what Tab makes of it."""

from __future__ import annotations

from client.core.command_matching import CommandHint, completed, fitting

OFFERED = (CommandHint("help", ""), CommandHint("tool", ""), CommandHint("tools", ""))


def test_commands_fit_by_the_beginning_of_their_name() -> None:
    assert [hint.name for hint in fitting("/to", OFFERED)] == ["tool", "tools"]
    assert fitting("/", OFFERED) == OFFERED
    assert fitting("to", OFFERED) == ()
    assert fitting("/tool x", OFFERED) == ()


def test_tab_completes_as_far_as_all_agree() -> None:
    assert completed("/t", fitting("/t", OFFERED)) == "/tool"
    assert completed("/tool", fitting("/tool", OFFERED)) is None
    assert completed("/h", fitting("/h", OFFERED)) == "/help "
    assert completed("/x", ()) is None
