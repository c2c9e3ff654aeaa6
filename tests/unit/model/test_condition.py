"""The language of `when:`."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skafd.model.condition import ConditionError, JobFacts, parse_condition
from tests.support.rules import states_rule

PARAMETERS = {"region": "eu", "epochs": 10, "full": True, "modes": ["fast", "full"]}
JOBS = {"ingest": JobFacts("succeeded", {"rows": 3}), "load all": JobFacts("failed", None, 2)}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("params.region == 'eu'", True),
        ("params.region == 'eu' and params.epochs > 10", False),
        ("params.region in ['us', 'eu'] or false", True),
        ("not params.full", False),
        ("'full' in params.modes", True),
        ("jobs.ingest.state == 'succeeded'", True),
        ("jobs['load all'].failed >= 2", True),
        ("0 < params.epochs <= 10", True),
        ("jobs['load all'].output == none", True),
        ("params.epochs == -10", False),
    ],
)
def test_answers(text: str, answer: bool) -> None:
    assert parse_condition(text).holds(PARAMETERS, JOBS) is answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "params",
        "__import__('os')",
        "params.x.y",
        "open('x')",
        "1 +",
        "lambda: 1",
        "[x for x in params.modes]",
        "jobs.a.secret",
        "params[0]",
        "f'{params.x}'",
        "params.region is None",
        "a == 1",
        "(" * 300 + ")" * 300,
    ],
)
def test_nothing_else_is_understood(text: str) -> None:
    states_rule(
        "A condition is never executed: what is not part of its small language is refused when the project is saved."
    )
    with pytest.raises(ConditionError):
        parse_condition(text)


def test_says_what_it_names() -> None:
    condition = parse_condition("params.region == 'eu' and jobs['load all'].failed == 0")
    assert (condition.parameters, condition.jobs) == ({"region"}, {"load all"})


def test_what_cannot_be_compared_has_no_answer() -> None:
    with pytest.raises(ConditionError, match="cannot be compared"):
        parse_condition("params.region > 3").holds(PARAMETERS, JOBS)
    with pytest.raises(ConditionError, match="no parameter speed"):
        parse_condition("params.speed > 3").holds(PARAMETERS, JOBS)
    with pytest.raises(ConditionError, match="is not part of this run"):
        parse_condition("jobs.other.state == 'failed'").holds(PARAMETERS, JOBS)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ConditionError):
        parse_condition(text).holds(PARAMETERS, JOBS)
