"""Which model answers, before any provider is loaded."""

from __future__ import annotations

import pytest

from server.core.model_choice import choose_model


@pytest.mark.parametrize(
    ("name", "environ", "chosen"),
    [
        (None, {}, "demo"),
        (None, {"GOOGLE_API_KEY": ""}, "demo"),
        (None, {"GOOGLE_API_KEY": "k"}, "gemini-flash-latest"),
        (None, {"GEMINI_API_KEY": "k"}, "gemini-flash-latest"),
        ("demo", {"GEMINI_API_KEY": "k"}, "demo"),
        ("claude-x", {}, "claude-x"),
    ],
)
def test_the_command_line_chooses_and_a_key_chooses_after_it(
    name: str | None, environ: dict[str, str], chosen: str
) -> None:
    model = choose_model(name, environ)
    assert model.name == chosen
    assert model.scripted is (chosen == "demo")
