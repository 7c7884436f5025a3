"""Which model answers, as far as it can be said before any provider's library is loaded."""

from __future__ import annotations

from collections.abc import Mapping

from shared.frames import ModelInfo

DEMO = "demo"
GEMINI = "gemini-flash-latest"
GEMINI_KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY")


def choose_model(name: str | None, environ: Mapping[str, str]) -> ModelInfo:
    """The model of that name; without one, Gemini if ``environ`` holds a key for it, else the demo model."""
    if name is None:
        name = GEMINI if any(environ.get(key) for key in GEMINI_KEYS) else DEMO
    if name == DEMO:
        return ModelInfo(DEMO, "demo (scripted)", scripted=True)
    return ModelInfo(name, name, scripted=False)
