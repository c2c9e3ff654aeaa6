"""`type:` of a job."""

from __future__ import annotations

import pytest

from skafd.config import read
from skafd.config.problems import Code
from skafd.model.project import JobType

FLOW = "jobs:\n  - name: flow\n    type: metaflow\n    entrypoint: {entrypoint}\n{more}"


def problems(entrypoint: str = "flow.py", more: str = "") -> list[tuple[Code, str]]:
    found = read(FLOW.format(entrypoint=entrypoint, more=more), None, "metis.config.yml").problems
    return [(problem.code, problem.message) for problem in found]


def test_a_flow_is_a_job_or_the_whole_project() -> None:
    assert problems("flow.py --with retry") == []
    for text in (FLOW.format(entrypoint="flow.py", more=""), "name: churn\ntype: metaflow\nentrypoint: flow.py\n"):
        project = read(text, None, "metis.config.yml").project
        assert project is not None
        assert project.jobs[0].type is JobType.METAFLOW


@pytest.mark.parametrize("entrypoint", ["./run.sh", "python flow.py", "a.py | b.py"])
def test_the_entrypoint_of_a_flow_is_its_file(entrypoint: str) -> None:
    ((code, message),) = problems(f"'{entrypoint}'")
    assert code is Code.ENTRYPOINT
    assert "the entrypoint of a flow is its file" in message


def test_what_the_flow_says_itself_is_not_said_here() -> None:
    assert [message for _, message in problems(more="    foreach: [1, 2]\n    parallelism: 3\n")] == [
        "a flow has no `foreach` here: its own file says it",
        "a flow has no `parallelism` here: its own file says it",
    ]


SERVICE = """\
name: site
jobs:
  - {{name: serve, type: service, entrypoint: serve.py{more}}}
  - {{name: train, entrypoint: train.py{other}}}
"""


def test_a_service_is_a_job_that_nothing_sets_off_and_nothing_waits_for() -> None:
    reading = read(SERVICE.format(more=", parallelism: 2", other=""), None, "metis.config.yml")
    assert reading.problems == ()
    assert reading.project is not None
    assert [job.is_service for job in reading.project.jobs] == [True, False]
    more = ", schedule: '@daily', dependencies: [train], retry: 3"
    found = read(SERVICE.format(more=more, other=""), None, "metis.config.yml").problems
    assert {(problem.code, problem.message.split(":")[0]) for problem in found} == {
        (Code.MISPLACED_KEY, f"a service has no `{key}`") for key in ("schedule", "dependencies", "retry")
    }
    (problem,) = read(SERVICE.format(more="", other=", dependencies: [serve]"), None, "metis.config.yml").problems
    assert "is a service, which does not end: nothing can wait for it" in problem.message
