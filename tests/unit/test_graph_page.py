"""`docs/graph.md`: its drawing is that of the code; of all pages of rules: each is quoted by a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.draw import PAGE, drawn

TESTS = Path(__file__).resolve().parents[1]


def test_the_drawing_is_current() -> None:
    assert drawn(PAGE.read_text()) == PAGE.read_text(), "draw it anew: python -m scripts.draw"


@pytest.mark.parametrize(("page", "least"), [("graph", 25), ("events", 24), ("schedules", 12)])
def test_each_rule_is_quoted_by_a_test(page: str, least: int) -> None:
    tests = "".join(path.read_text() for path in TESTS.rglob("test_*.py"))
    # What a formatter broke over lines is put together again.
    quoted = re.sub(r'"\s*\n\s*"', "", tests)
    rules = re.findall(r"^\* (.+?)(?=\n\* |\n\n)", (PAGE.parent / f"{page}.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(rules) >= least
    unproven = [rule for rule in (" ".join(rule.split()) for rule in rules) if rule not in quoted]
    assert unproven == []
