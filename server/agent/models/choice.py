"""What a model's name stands for: the thing that ADK runs, and how much fits into it."""

from __future__ import annotations

from google.adk.models.base_llm import BaseLlm
from google.adk.models.registry import LLMRegistry

from server.agent.models.demo import DemoModel
from server.core.model_choice import DEMO, GEMINI, choose_model
from shared.errors import UsageError
from shared.frames import ModelInfo

DEFAULT_CONTEXT_SIZE = 128_000
"""Tokens taken to fit into a model whose context size is not known here."""

_CONTEXT_SIZES = (("gemini-", 1_048_576), ("claude-", 200_000), (DEMO, 1_000_000))


def resolve(name: str) -> tuple[BaseLlm | str, ModelInfo]:
    """What ADK's agent takes as its model, and what the screen says about it.

    Raises:
        UsageError: if no model of that name can be had here.
    """
    info = choose_model(name, {})
    if info.scripted:
        return DemoModel(), info
    try:
        LLMRegistry.resolve(name)
    except (ValueError, ImportError) as error:
        raise UsageError(
            f"There is no model {name!r} here. Choose demo, a Gemini model such as {GEMINI}, or install the package "
            "that brings yours (anthropic for claude-…, litellm for provider/model names)."
        ) from error
    return name, info


def context_size(name: str) -> int:
    """How many tokens fit into the model's context; for the demo model, words."""
    return next((size for start, size in _CONTEXT_SIZES if name.startswith(start)), DEFAULT_CONTEXT_SIZE)
