"""Arithmetic, and what is refused."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.agent.tools.calculate import MAX_LENGTH, evaluate, run
from server.core.tool_failure import ToolFailedError


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2+2", 4), ("2 * (3 + 4) ** 2", 98), ("2^10", 1024), ("7 // 2", 3), ("7 % 4", 3), ("-3 + +1", -2),
        ("sqrt(16)", 4.0), ("round(2.567, 1)", 2.6), ("round(2.5)", 2), ("max(1, 2, 3) - min(1, 2)", 2),
        ("floor(pi)", 3), ("1/4", 0.25), ("1e3", 1000.0), ("2**-1", 0.5), ("abs(-5)", 5), ("2**2000 // 2**1999", 2),
    ],
)  # fmt: skip
def test_arithmetic(expression: str, value: float) -> None:
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        "9**9**9", "9**9**9**9", "10**100000", "1/0", "1 %", "", "hello", "'a' * 3", "'%1000000000d' % 1", "f'{1}'",
        "__import__('os')", "(1).real", "[1] * 10", "[x for x in (1,)]", "lambda: 1", "x := 1", "1 if 1 else 2",
        "1 << 10000", "round(5, -1000000000)", "(-8) ** 0.5", "sqrt(-1)", "1e308 * 10", "-1e308 * 10", "exp(1e9)",
        "True", "1j", "min()", "sqrt(1, 2)", "unknown(1)", "abs(x=1)", "round(1, 2.5)", "(" * 250, "-" * 250,
        "0" * 20 + "7", "9" * (MAX_LENGTH + 1), "1.0 ** 1e9 ** 2 ** 9 * 2 ** 9000", "max",
    ],
)  # fmt: skip
def test_what_is_no_small_arithmetic_is_refused_with_a_sentence_and_at_once(expression: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ToolFailedError) as caught:
        evaluate(expression)
    assert str(caught.value).endswith(".")
    assert time.perf_counter() - started < 0.5


def test_the_longest_products_take_no_time() -> None:
    started = time.perf_counter()
    with pytest.raises(ToolFailedError, match="digits"):
        evaluate("*".join(["9**999"] * 40))
    assert time.perf_counter() - started < 0.5


@given(st.text(alphabet="0123456789+-*/%^().e ,minaxsqrtround", max_size=60))
def test_nothing_that_looks_like_arithmetic_breaks_it(expression: str) -> None:
    with contextlib.suppress(ToolFailedError):
        assert isinstance(evaluate(expression), int | float)


async def test_the_tools_answer() -> None:
    assert await run({"expression": " 2+2 "}) == {"expression": "2+2", "result": 4}


@pytest.mark.parametrize("arguments", [{}, {"expression": 5}, {"expression": "  "}])
async def test_a_missing_expression_is_a_sentence(arguments: dict[str, object]) -> None:
    with pytest.raises(ToolFailedError, match="expression is missing"):
        await run(arguments)  # type: ignore[arg-type]
