"""Parameters that were given for a run, held against those that jobs declare."""

from __future__ import annotations

from dataclasses import replace

import pytest

from skafd.daemon.parameters import check_variable, checked_parameters
from skafd.errors import Refused
from skafd.model.project import Parameter
from tests.support.stored import CONFIG

INGEST, TRAIN = CONFIG.jobs
DECLARED = replace(
    CONFIG,
    jobs=(
        replace(INGEST, parameters=(Parameter("source"), Parameter("depth", "int"))),
        replace(TRAIN, parameters=(Parameter("rate", "float"), Parameter("fast", "bool"), Parameter("depth", "float"))),
    ),
)


def test_they_are_passed_on_in_their_order() -> None:
    given = {"rate": "1e-3", "source": "s3://x", "fast": "True", "depth": "7"}
    assert checked_parameters(DECLARED, given) == tuple(given.items())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("depth", "deep", "depth is of type int, which 'deep' is not"),
        ("rate", "fast", "rate is of type float"),
        ("fast", "yes", "fast is true or false, which 'yes' is not"),
        ("depth", "1.5", "depth is of type int"),
        ("source", "\udcff", "source is no text"),
        ("source", "a\0b", "source is no text"),
    ],
)
def test_a_value_suits_every_job_that_declares_it(name: str, value: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        checked_parameters(DECLARED, {name: value})


def test_a_name_that_nobody_declares_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(Refused, match="no job of churn has a parameter sorce") as caught:
        checked_parameters(DECLARED, {"sorce": "x"})
    assert caught.value.hint == "did you mean source?"
    with pytest.raises(Refused) as caught:
        checked_parameters(DECLARED, {"zzz": "x"})
    assert caught.value.hint == "declared are: source, depth, rate, fast"
    with pytest.raises(Refused) as caught:
        checked_parameters(CONFIG, {"zzz": "x"})
    assert caught.value.hint == "declare it under `params:` of the job that reads it"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("", "x", "'' is no name"),
        ("A=B", "x", "'A=B' is no name"),
        ("A\0", "x", "is no name"),
        ("A", "x\0", "value of A"),
    ],
)
def test_a_variable_that_no_environment_can_hold_is_refused(key: str, value: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        check_variable(key, value)


def test_json_is_json() -> None:
    config = replace(CONFIG, jobs=(replace(INGEST, parameters=(Parameter("extra", "json"),)),))
    assert checked_parameters(config, {"extra": '{"a": 1}'}) == (("extra", '{"a": 1}'),)
    with pytest.raises(Refused, match="is JSON"):
        checked_parameters(config, {"extra": "{"})
