"""docs/schedules.md says each rule in the words of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from skafd.config import read
from skafd.model.missed import MissedCause
from skafd.model.project import CatchUp, Overlap
from skafd.schedule import parse
from skafd.schedule.catch_up import LISTED
from skafd.schedule.cron import MACROS
from skafd.schedule.rule import Rule

ROOT = Path(__file__).resolve().parents[3]
PAGE = " ".join((ROOT / "docs" / "schedules.md").read_text().split())


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


def test_every_cause_outside_the_job_is_published() -> None:
    for cause in MissedCause:
        assert f"`{cause}`" in PAGE


def test_every_choice_of_catch_up_and_overlap_is_published() -> None:
    for choice in (*CatchUp, *Overlap):
        assert f"`{choice}`" in PAGE
    assert f"at most {LISTED:,} rows" in PAGE


def test_the_example_is_a_valid_config() -> None:
    text = (ROOT / "docs" / "schedules.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    assert read("name: x\n" + text, None, "metis.config.yml").problems == ()
