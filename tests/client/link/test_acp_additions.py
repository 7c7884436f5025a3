"""What a Ringback tells beside ACP, read into news."""

from __future__ import annotations

import msgspec
import pytest

from client.link.acp_additions import NEWS_METHODS, read_news
from shared.acp_names import METHOD_NOTICE, METHOD_STATE_CHANGED, METHOD_WAS_RESET
from shared.json_types import JsonObject
from shared.news import News, Notice, PersonReset, StateChanged


@pytest.mark.parametrize(
    ("method", "params", "news"),
    [
        (METHOD_STATE_CHANGED, {"key": "colour", "change": "stored"}, StateChanged("colour", "stored")),
        (METHOD_STATE_CHANGED, {"key": "", "change": "deleted"}, StateChanged("", "deleted")),
        (METHOD_STATE_CHANGED, {"key": None, "change": "cleared"}, StateChanged(None, "cleared")),
        (METHOD_STATE_CHANGED, {"change": "cleared"}, StateChanged(None, "cleared")),
        (METHOD_STATE_CHANGED, {"key": None, "change": "many"}, StateChanged(None, "many")),
        (METHOD_STATE_CHANGED, {"key": "a", "change": "deleted", "field": "b"}, StateChanged("a", "deleted", "b")),
        (METHOD_NOTICE, {"message": "Redis is away.", "_meta": {}}, Notice("Redis is away.")),
        (METHOD_WAS_RESET, {"message": "Gone."}, PersonReset("Gone.")),
    ],
)
def test_news_are_read(method: str, params: JsonObject, news: News) -> None:
    assert method in NEWS_METHODS
    assert read_news(method, params) == news


@pytest.mark.parametrize(
    ("method", "params"),
    [
        (METHOD_STATE_CHANGED, {"key": "colour", "change": "eaten"}),
        (METHOD_STATE_CHANGED, {"key": None, "change": "stored"}),
        (METHOD_STATE_CHANGED, {"key": "colour", "change": "cleared"}),
        (METHOD_STATE_CHANGED, {"key": 7, "change": "stored"}),
        (METHOD_STATE_CHANGED, {}),
        (METHOD_NOTICE, {}),
        (METHOD_NOTICE, {"message": None}),
        (METHOD_WAS_RESET, {"message": ["x"]}),
    ],
)
def test_what_has_another_shape_is_refused(method: str, params: JsonObject) -> None:
    with pytest.raises(msgspec.ValidationError):
        read_news(method, params)
