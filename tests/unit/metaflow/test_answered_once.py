"""What a fork server answers for the steps that are forked from it."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from skafd.metaflow.inside.answered_once import Remembering, answer_once, lines_of


def test_some_functions_are_asked_once_and_all_else_is_the_module_s() -> None:
    asked: list[Any] = []
    module: Any = SimpleNamespace(parse=lambda text: asked.append(text) or len(asked), other=3)
    remembering: Any = Remembering(module, parse=module.parse)
    assert [remembering.parse("a"), remembering.parse("b"), remembering.parse("a")] == [1, 2, 1]
    assert (remembering.other, asked) == (3, ["a", "b"])
    assert remembering.parse(["cannot be looked up"]) == 3
    with pytest.raises(AttributeError):
        remembering.nothing  # noqa: B018


def test_metaflow_is_asked_for_what_each_step_would_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    version, git, graph = (ModuleType(f"metaflow.{name}") for name in ("metaflow_version", "metaflow_git", "graph"))
    asked: list[str] = []
    monkeypatch.setattr(version, "get_version", lambda: asked.append("version"), raising=False)
    monkeypatch.setattr(graph, "inspect", inspect, raising=False)
    monkeypatch.setattr(graph, "ast", ast, raising=False)
    for module in (version, git, graph):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    answer_once()
    assert asked == ["version"]
    assert vars(git)["_git_info_cache"] == {}
    assert vars(graph)["ast"].parse("1") is vars(graph)["ast"].parse("1")
    assert vars(graph)["inspect"].getsourcelines(answer_once) == inspect.getsourcelines(answer_once)
    assert ast.parse("1") is not ast.parse("1")


ODD = """\
import functools

def plain(deco=lambda: (
    1)):
    # a comment
    return "]"   # and one here

class Flow:
    @property
    @functools.lru_cache(maxsize=
        None)
    def decorated(self):
        text = \'\'\'
def not_this(): pass
\'\'\'
        return text

    async def waiting(self): return 1

    def last(self):
        if self:
            return 1

wrapped = functools.wraps(plain)(lambda: 3)
"""


def test_the_source_of_a_function_is_what_inspect_says_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd_flow.py").write_text(ODD)
    monkeypatch.syspath_prepend(str(tmp_path))
    odd: Any = importlib.import_module("odd_flow")
    decorated = odd.Flow.decorated.fget.__wrapped__
    for function in (odd.plain, decorated, odd.Flow.waiting, odd.Flow.last, odd.wrapped, odd.Flow, lines_of):
        assert lines_of(function) == inspect.getsourcelines(function)
    namespace: dict[str, Any] = {}
    exec("def made(): pass", namespace)
    with pytest.raises(OSError, match="source"):
        lines_of(namespace["made"])


def test_a_metaflow_without_all_that_is_served_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("metaflow_version", "metaflow_git", "graph"):
        monkeypatch.delitem(sys.modules, f"metaflow.{name}", raising=False)
    answer_once()
