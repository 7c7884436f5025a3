"""What a model says that it used, as we count it."""

from __future__ import annotations

from google.genai import types

from shared.usage import TokenUsage


def token_usage(told: types.GenerateContentResponseUsageMetadata) -> TokenUsage:
    """The tokens of one answer. Thinking is paid like words, so it counts as completion.

    Providers leave out what they do not count; without a total, it is the sum of the others. Some count thinking
    among their candidates already (OpenAI's, by way of LiteLLM): with a total, it is seen whether there is room for it.
    """
    prompt = (told.prompt_token_count or 0) + (told.tool_use_prompt_token_count or 0)
    words, thoughts = told.candidates_token_count or 0, told.thoughts_token_count or 0
    total = told.total_token_count or prompt + words + thoughts
    is_apart = prompt + words + thoughts <= total
    return TokenUsage(prompt, words + thoughts if is_apart else words, total)
