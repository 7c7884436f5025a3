"""Which model answers."""

from __future__ import annotations

import pytest

from server.agent.models.choice import DEFAULT_CONTEXT_SIZE, context_size, resolve
from server.agent.models.demo import DemoModel
from server.core.model_choice import GEMINI
from shared.errors import UsageError
from shared.frames import ModelInfo


def test_the_demo_model_is_labelled_as_scripted() -> None:
    model, info = resolve("demo")
    assert isinstance(model, DemoModel)
    assert info == ModelInfo("demo", "demo (scripted)", scripted=True)


def test_a_name_that_adk_knows_is_left_to_adk() -> None:
    assert resolve(GEMINI) == (GEMINI, ModelInfo(GEMINI, GEMINI, scripted=False))


@pytest.mark.parametrize("name", ["", "no-such-model", "nobody/nothing", "a:b"])
def test_a_name_that_nobody_knows_is_a_sentence(name: str) -> None:
    with pytest.raises(UsageError, match="Choose demo"):
        resolve(name)


def test_context_sizes() -> None:
    assert context_size(GEMINI) == 1_048_576
    assert context_size("unheard-of") == DEFAULT_CONTEXT_SIZE
