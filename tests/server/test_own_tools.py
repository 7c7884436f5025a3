"""Finding people's own tools by the names in the settings; whatever is wrong with one is a sentence that names it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.async_tool import spec_of
from server.core.policy import DEFAULT_RULES, RESERVED
from server.own_tools import load_own_tools
from shared.errors import UsageError

TALLY = "tests.own_tools.tally:Tally"
SYNC_TALLY = "tests.own_tools.tally:SyncTally"

TOOL = '''
from server.async_tool import AsyncBaseTool

class {name}(AsyncBaseTool):
    """Do something."""

    {line}

    async def _arun(self):
        return 1
'''

Written = Callable[[str], str]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """Writes a module that Python finds, and says its name."""
    monkeypatch.syspath_prepend(tmp_path)
    names: list[str] = []

    def write(text: str) -> str:
        names.append(f"written_for_a_test_{len(names)}")
        (tmp_path / f"{names[-1]}.py").write_text(text, encoding="utf-8")
        return names[-1]

    yield write
    for name in names:
        sys.modules.pop(name, None)


def refused(*paths: str) -> str:
    with pytest.raises(UsageError) as caught:
        load_own_tools(paths, RESERVED)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_there_may_be_none() -> None:
    assert load_own_tools((), RESERVED) == {}


def test_they_come_in_the_order_of_their_names_and_ask_as_no_rule_is_theirs() -> None:
    tools = load_own_tools((SYNC_TALLY, TALLY), RESERVED)
    assert list(tools) == ["sync_tally", "tally"]
    assert not tools.keys() & set(DEFAULT_RULES)


def test_a_tool_of_ones_own_file_is_found(written: Written) -> None:
    module = written(TOOL.format(name="PaintFence", line='colour: str = "white"'))
    ((name, tool),) = load_own_tools((f"{module}:PaintFence",), RESERVED).items()
    spec = spec_of(tool)
    assert (name, spec.title, spec.description) == ("paint_fence", "Paint fence", "Do something.")


@pytest.mark.parametrize(
    ("path", "missing"),
    [("no_such:Tool", "no_such"), ("tests.no_such:Tool", "tests.no_such"), ("tests.own_tools.tally.deeper:Tool", "")],
)
def test_a_module_that_is_not_there(path: str, missing: str) -> None:
    sentence = refused(path)
    assert f"The tool {path}: there is no module {missing}" in sentence
    assert "PYTHONPATH" in sentence


def test_a_module_that_needs_one_that_is_not_there(written: Written) -> None:
    assert "there is no module no_such_package." in refused(f"{written('import no_such_package')}:Tool")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def (", "SyntaxError: "),
        ("import sys; sys.exit('bye')", "SystemExit: bye"),
        ("import sys; sys.no_such_thing", "AttributeError: "),
        ("from server.async_tool import NoSuchTool", "ImportError: "),
        (TOOL.format(name="Tool", line="work: object()"), "PydanticSchemaGenerationError: "),
    ],
)
def test_a_module_that_fails_is_told_with_its_error_and_the_log_says_where(
    written: Written, caplog: pytest.LogCaptureFixture, text: str, kind: str
) -> None:
    module = written(text)
    sentence = refused(f"{module}:Tool")
    assert f"The tool {module}:Tool cannot be loaded: {kind}" in sentence
    assert sentence.endswith("The log says where.")
    assert f"{module}.py" in caplog.text


def test_a_class_that_is_not_there() -> None:
    path = "tests.own_tools.tally:Taly"
    assert refused(path) == f"The tool {path}: the module tests.own_tools.tally has no Taly."


@pytest.mark.parametrize("path", ["tests.own_tools.tally:uuid", "tests.own_tools.tally:JsonObject", "enum:Enum"])
def test_something_that_is_no_tool(path: str) -> None:
    assert refused(path) == f"The tool {path} is not derived from server.async_tool.AsyncBaseTool."


def test_a_class_that_cannot_be_a_tool_is_told_why() -> None:
    assert refused("server.async_tool:AsyncBaseTool") == (
        "The tool server.async_tool:AsyncBaseTool cannot be used: It overrides neither run nor _arun, so there is "
        "nothing that it does."
    )


def test_a_schema_that_fails_in_a_way_of_its_own_is_told(written: Written) -> None:
    line = "@classmethod\n    def model_json_schema(cls): raise NotImplementedError('not today')"
    assert refused(f"{written(TOOL.format(name='Tool', line=line))}:Tool").endswith("be used: not today")


@pytest.mark.parametrize("name", ["remember", "forget", "calculate", "adk_request_confirmation"])
def test_a_name_that_is_taken(written: Written, name: str) -> None:
    path = f"{written(TOOL.format(name='Tool', line=f'tool_name = {name!r}'))}:Tool"
    assert refused(path) == f"The tool {path}: the name {name} is taken. Give it another tool_name."


def test_the_same_name_twice(written: Written) -> None:
    other = f"{written(TOOL.format(name='Tally', line=''))}:Tally"
    assert f"The tool {other}: the name tally is taken." in refused(TALLY, other)
    assert "the name tally is taken" in refused(TALLY, TALLY)
