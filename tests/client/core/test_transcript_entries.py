"""How the model that answers is called."""

from __future__ import annotations

from client.core.transcript_entries import model_name
from shared.frames import ModelInfo


def test_a_scripted_model_is_always_called_scripted() -> None:
    assert model_name(ModelInfo("demo", "demo", scripted=True)) == "demo (scripted)"
    assert model_name(ModelInfo("demo", "demo (scripted)", scripted=True)) == "demo (scripted)"
    assert model_name(ModelInfo("gemini-2.5-flash", "gemini-2.5-flash", scripted=False)) == "gemini-2.5-flash"
