"""A promise without a test does not exist: docs/promises.toml, its tables and the tests belong together."""

from __future__ import annotations

import ast
import re
from itertools import chain
from pathlib import Path

import pytest

from scripts.promises import ROOT, put_between, read, tables

SOURCE = read()
NUMBERS = [one["number"] for one in SOURCE["promise"]]
TESTS = sorted({*chain.from_iterable(one.get("tests", ()) for part in SOURCE.values() for one in part)})


@pytest.mark.parametrize("page", tables(SOURCE), ids=lambda page: page.name)
def test_the_tables_are_those_of_the_source(page: Path) -> None:
    text = page.read_text()
    assert put_between(text, tables(SOURCE)[page]) == text, "`make promises` writes them anew"


@pytest.mark.parametrize("test", TESTS)
def test_each_test_that_is_named_is_there(test: str) -> None:
    tree = ast.parse((ROOT / test).read_text())
    functions = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert any(name.startswith("test_") for name in functions), f"{test} holds no test"


def test_each_promise_has_a_test_and_each_test_of_a_promise_is_in_its_row() -> None:
    assert all(one["tests"] for one in SOURCE["promise"])
    tests_of = {one["number"]: one["tests"] for one in SOURCE["promise"]}
    for path in (ROOT / "tests" / "promises").glob("test_*.py"):
        match = re.match(r"test_r(\d+)_", path.name)
        assert match, f"{path.name} has no number"
        assert f"tests/promises/{path.name}" in tests_of[f"R{int(match[1])}"]


def test_promises_are_in_order() -> None:
    assert sorted(NUMBERS, key=lambda number: int(number[1:])) == NUMBERS
    assert len(set(NUMBERS)) == len(NUMBERS)


def test_whatever_survives_something_does_so_by_a_promise_or_a_test() -> None:
    for one in SOURCE["survival"]:
        assert one.get("promises") or one.get("tests"), one["event"]
        assert set(one.get("promises", ())) <= set(NUMBERS), one["event"]
