"""docs/schedules.md says each rule in the words of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from skafd.schedule import parse
from skafd.schedule.cron import MACROS
from skafd.schedule.rule import Rule

PAGE = " ".join((Path(__file__).resolve().parents[3] / "docs" / "schedules.md").read_text().split())


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_of_clock_changes_is_published(rule: Rule) -> None:
    assert rule in PAGE


@pytest.mark.parametrize(
    ("expression", "rule"),
    [
        ("0 11 * * *", Rule.WALL),
        ("0-59/5 8-18 * * *", Rule.WALL),
        ("daily at 07:30", Rule.WALL),
        ("*/5 2 * * *", Rule.CLOCK),
        ("30 * * * *", Rule.CLOCK),
        ("hourly", Rule.CLOCK),
        ("every 90 seconds", Rule.ELAPSED),
    ],
)
def test_every_expression_has_one_of_the_rules(expression: str, rule: Rule) -> None:
    assert parse(expression, "Europe/Berlin").rule is rule


def test_every_form_that_is_published_is_understood() -> None:
    table = PAGE.partition("## Ways to write one")[2].partition("Without a time")[0]
    forms = re.findall(r"`\"?([^`\"]+)\"?`", table)
    assert len(forms) > 15
    assert set(MACROS) <= set(forms)
    for form in forms:
        parse(form)
