"""What jobs say about each other besides dependencies."""

from __future__ import annotations

import pytest

from skafd.config import read
from skafd.model.ids import JobId
from skafd.model.project import Foreach, Project, Retry
from skafd.model.states import TaskState
from tests.support.rules import states_rule


def understood(text: str) -> Project:
    reading = read(text, None, "metis.config.yml")
    assert reading.project is not None, reading.problems
    return reading.project


def refusals(job: str) -> list[str]:
    return [
        problem.message for problem in read(f"jobs:\n  - {{name: a, entrypoint: x}}\n  - {job}\n", None, "m").problems
    ]


def test_all_keys_of_the_graph() -> None:
    project = understood("""
timeout: 2h
pools: {db: 2}
jobs:
  - {name: list, entrypoint: x, schedule: {cron: "@daily", params: {region: eu}}, params: {region: us}}
  - name: each
    entrypoint: x
    dependencies: list
    foreach: list
    max_parallel: 4
    need: 80%
    pool: [db, licence]
    priority: 5
    when: params.region == 'eu' and jobs.list.failed == 0
    retry: {times: 2, jitter: 5s, on: timed_out, memory: x1.5}
  - {name: clean, entrypoint: x, always: true}
""")
    listed, each, clean = project.jobs
    assert (project.timeout_seconds, project.pools) == (7200, (("db", 2),))
    assert listed.schedules[0].parameters == (("region", "eu"),)
    assert (each.foreach, each.max_parallel, each.need) == (Foreach(job=JobId("list")), 4, 0.8)
    assert (each.pools, each.priority) == (("db", "licence"), 5)
    assert each.retry == Retry(2, 0, 1, 5, (TaskState.TIMED_OUT, TaskState.OOM_KILLED), 1.5)
    assert clean.always


@pytest.mark.parametrize("publisher", ["l1", "listed", "{output: listed}"])
@pytest.mark.parametrize("dependency", ["l1", "listed"])
def test_a_publisher_is_named_by_its_id_or_its_name(publisher: str, dependency: str) -> None:
    _, each = understood(
        "jobs:\n  - {id: l1, name: listed, entrypoint: x}\n"
        f"  - {{name: each, entrypoint: x, dependencies: [{dependency}], foreach: {publisher}}}\n"
    ).jobs
    assert each.foreach == Foreach(job=JobId("l1"))


@pytest.mark.parametrize(
    ("written", "items"),
    [
        ("[eu, 1, {a: b}]", ("eu", "1", '{"a": "b"}')),
        ("{range: 3}", ("0", "1", "2")),
        ("{range: [1, 6, 2]}", ("1", "3", "5")),
    ],
)
def test_items_that_are_known(written: str, items: tuple[str, ...]) -> None:
    assert understood(f"jobs: [{{name: a, entrypoint: x, foreach: {written}}}]").jobs[0].foreach == Foreach(items=items)


def test_a_pattern_of_paths() -> None:
    for written in ('"in/*.csv"', '{glob: "in/*.csv"}'):
        job = understood(f"jobs: [{{name: a, entrypoint: x, foreach: {written}}}]").jobs[0]
        assert job.foreach == Foreach(glob="in/*.csv")


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ("{name: b, entrypoint: x, foreach: []}", "there is nothing in this list"),
        ("{name: b, entrypoint: x, foreach: {}}", "just one of `range`, `glob` and `output` is needed"),
        ("{name: b, entrypoint: x, foreach: {range: 3, glob: '*'}}", "just one of `range`, `glob` and `output`"),
        ("{name: b, entrypoint: x, foreach: {range: [1, 2, 0]}}", "a range is a number"),
        ("{name: b, entrypoint: x, foreach: {range: [0, 100000]}}", "there are more than 10000 items"),
        ('{name: b, entrypoint: x, foreach: "../*.csv"}', "the pattern leads out of the project"),
        ("{name: b, entrypoint: x, foreach: a}", "`a` is no dependency of this job"),
        ("{name: b, entrypoint: x, when: params.b == 1}", "no job declares a parameter `b`"),
        ("{name: b, entrypoint: x, when: jobs.c.state == 1}", "there is no job `c`"),
        ("{name: b, entrypoint: x, when: open(1)}", "'open(1)' is not part of the language"),
        ("{name: b, entrypoint: x, always: true, schedule: '@daily'}", "has no schedule of its own"),
        ("{name: b, entrypoint: x, need: 120%}", "a share is more than 0%"),
        ("{name: b, entrypoint: x, retry: {memory: 2}}", "write it as x1.5"),
        ("{name: b, entrypoint: x, schedule: {cron: '@daily', params: {n: 1}}}", "no job declares a parameter `n`"),
        (
            "{name: b, entrypoint: x, params: {n: 1}, schedule: {cron: '@daily', params: {n: many}}}",
            "the schedule gives `n` the value `many`, and its type is int",
        ),
    ],
)
def test_what_is_refused(job: str, said: str) -> None:
    states_rule(
        "A schedule's `params` are given to the runs that it sets off; `skafd validate` holds them against "
        "the types that "
        "jobs declare."
    )
    assert any(said in message for message in refusals(job)), refusals(job)


def test_nothing_waits_for_a_job_at_the_end_but_another_one() -> None:
    text = "jobs: [{name: end, entrypoint: x, always: true}, {name: b, entrypoint: x, dependencies: end}]"
    assert "runs at the end of the run" in read(text, None, "m").problems[0].message


def test_a_job_says_how_long_it_has_to_end() -> None:
    one, other = understood("jobs:\n  - {name: a, entrypoint: x, grace: 1m}\n  - {name: b, entrypoint: x}\n").jobs
    assert (one.grace_seconds, other.grace_seconds) == (60.0, 10.0)
