"""The tool ``calculate``: arithmetic, bounded so that no expression holds up the server."""

from __future__ import annotations

import ast
import math

import simpleeval

from server.agent.backend_tool import text_argument
from server.core.tool_failure import ToolFailedError
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec, object_schema

MAX_LENGTH = 300
"""Longest expression in characters."""

MAX_BITS = 4_096
"""Largest power in bits; nothing longer is multiplied out."""

MAX_DIGITS = 1_000
"""Longest whole number that is given as a result."""

SPEC = ToolSpec(
    name="calculate",
    title="Calculate",
    description=(
        "Calculate an arithmetic expression: + - * / // % ** (or ^), parentheses, pi, e, tau, and the functions "
        "sqrt, exp, log, log10, log2, sin, cos, tan, asin, acos, atan, degrees, radians, abs, round, floor, ceil, "
        "min, max."
    ),
    input_schema=object_schema(
        required=("expression",),
        expression={"type": "string", "minLength": 1, "description": "Such as 2 * (3 + 4) ** 2 or sqrt(2)"},
    ),
    kind="other",
    risk="Only calculates; touches nothing.",
)

_ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Constant, ast.Name, ast.Load, ast.Call,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.UAdd, ast.USub,
)  # fmt: skip


async def run(arguments: JsonObject) -> JsonObject:
    """``{"expression": …, "result": …}``.

    Raises:
        ToolFailedError: if it is no arithmetic, or too large.
    """
    expression = text_argument(arguments, "expression")
    return {"expression": expression, "result": evaluate(expression)}


def evaluate(expression: str) -> int | float:
    """The value of an arithmetic expression.

    Raises:
        ToolFailedError: if it is no arithmetic, or too large.
    """
    if len(expression) > MAX_LENGTH:
        raise ToolFailedError(f"The expression is longer than {MAX_LENGTH} characters.")
    text = expression.replace("^", "**")
    try:
        _check(ast.parse(text, mode="eval"))
        value = _EVALUATOR.eval(text)
    except ZeroDivisionError as error:
        raise ToolFailedError(f"{expression} divides by zero.") from error
    except OverflowError as error:
        raise ToolFailedError(f"{expression} is too large to calculate.") from error
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ToolFailedError(f"{expression} is not an arithmetic expression.") from error
    except (simpleeval.InvalidExpression, ValueError, TypeError) as error:
        raise ToolFailedError(f"{expression} cannot be calculated: {error}.") from error
    return _finite(expression, value)


def _check(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise ToolFailedError(f"Only arithmetic can be calculated, not {type(node).__name__}.")
        if isinstance(node, ast.Constant) and type(node.value) not in {int, float}:
            raise ToolFailedError("Only numbers can be calculated with.")


def _finite(expression: str, value: object) -> int | float:
    if not isinstance(value, int | float):
        raise ToolFailedError(f"{expression} does not give a real number.")
    if isinstance(value, float) and not math.isfinite(value):
        raise ToolFailedError(f"{expression} does not give a finite number.")
    if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
        raise ToolFailedError(f"The result has more than {MAX_DIGITS} digits.")
    return value


def _power(base: float, exponent: float) -> float | complex:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * abs(exponent) > MAX_BITS:
        raise OverflowError
    return base**exponent  # type: ignore[no-any-return]


def _round(number: float, digits: int = 0) -> float:
    if abs(digits) > MAX_DIGITS:
        raise OverflowError
    return round(number, digits) if digits else round(number)


_EVALUATOR = simpleeval.SimpleEval(
    operators={**simpleeval.DEFAULT_OPERATORS, ast.Pow: _power},
    functions={
        **{name: getattr(math, name) for name in ("sqrt", "exp", "log", "log10", "log2", "sin", "cos", "tan")},
        **{name: getattr(math, name) for name in ("asin", "acos", "atan", "degrees", "radians", "floor", "ceil")},
        "abs": abs,
        "round": _round,
        "min": min,
        "max": max,
    },
    names={"pi": math.pi, "e": math.e, "tau": math.tau},
)
