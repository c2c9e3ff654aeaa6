"""What people type to name a project, a run, a job or a task."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skafd.daemon.targets import Target, parse_target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("churn", Target("churn")),
        ("churn/", Target("churn")),
        ("churn/42", Target("churn", 42)),
        ("churn/42/", Target("churn", 42)),
        ("churn/train", Target("churn", job="train")),
        ("churn/train[3]", Target("churn", job="train", instance=3)),
        ("churn/42/train", Target("churn", 42, "train")),
        ("churn/42/train[3]", Target("churn", 42, "train", 3)),
        ("churn/load a/b", Target("churn", job="load a/b")),
        ("churn/42/load a/b[0]", Target("churn", 42, "load a/b", 0)),
        ("churn/42b", Target("churn", job="42b")),
        ("churn/[3]", Target("churn", job="[3]")),
    ],
)
def test_each_part_narrows_the_one_before(text: str, target: Target) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize("digits", ["²", "٣", "9" * 40])
def test_digits_that_number_no_run_name_a_job(digits: str) -> None:
    assert parse_target(f"churn/{digits}") == Target("churn", job=digits)


@given(st.text())
def test_whatever_is_typed_names_something(text: str) -> None:
    target = parse_target(text)
    assert text.startswith(target.project)


@given(st.text(min_size=1), st.integers(0, 10**9 - 1))
def test_an_instance_of_any_job_can_be_named(job: str, instance: int) -> None:
    assert parse_target(f"churn/1/{job}[{instance}]") == Target("churn", 1, job, instance)
