"""From the store's answers to what people and programs are shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from skafd.daemon import present
from skafd.model.flow import Flow
from skafd.model.ids import DeploymentNumber, JobId, ProjectId, RunKey, TaskKey
from skafd.model.outcome import Exited, OomKilled, Usage
from skafd.model.project import Schedule
from skafd.model.states import RunState, TaskState
from skafd.store import Database
from skafd.store.views import AttemptView, RunOutline, RunView, TaskView
from tests.support.stored import CONFIG, INGEST, LIMITS, NOON, add_churn, new_run

RUN = RunKey(ProjectId("token"), 42)
JOB = CONFIG.jobs[0]


def attempt(state: TaskState = TaskState.SUCCEEDED, outcome: object = Exited(0)) -> AttemptView:
    return AttemptView(1, state, Path("/runs/1"), LIMITS, NOON, NOON, NOON, outcome, 0, Usage(2**20, 1.5))  # type: ignore[arg-type]


def task(state: TaskState, instance: int = 0, reason: str = "", *attempts: AttemptView) -> TaskView:
    return TaskView(TaskKey(RUN, INGEST, instance), state, reason, 1, None, NOON, attempts)


def test_names_are_what_people_type() -> None:
    assert present.run_name("churn", 42) == "churn/42"
    assert present.task_name("churn", 42, JOB, JOB.id, 0) == "churn/42/ingest"
    assert present.task_name("churn", 42, replace(JOB, parallelism=4), JOB.id, 3) == "churn/42/ingest[3]"
    assert present.task_name("churn", 42, replace(JOB, name=" ingest "), JOB.id, 0) == "churn/42/ingest"
    assert present.task_name("churn", 42, None, JobId("gone"), 2) == "churn/42/gone"


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        ((), None),
        ((TaskState.SUCCEEDED, TaskState.WAITING), "waiting"),
        ((TaskState.WAITING, TaskState.RUNNING, TaskState.SUCCEEDED), "running"),
        ((TaskState.RUNNING, TaskState.OOM_KILLED, TaskState.SUCCEEDED), "oom_killed"),
        ((TaskState.CANCELLED, TaskState.SUCCEEDED), "succeeded"),
    ],
)
def test_of_several_instances_the_one_is_shown_that_says_most(states: tuple[TaskState, ...], shown: str | None) -> None:
    tasks = [task(state, instance) for instance, state in enumerate(states)]
    assert present.job_status("churn", JOB, tasks).state == shown


def test_a_job_shows_its_schedules_and_its_last_task() -> None:
    job = replace(JOB, schedules=(Schedule("@hourly"), Schedule("0 11 * * *")), parallelism=2)
    status = present.job_status("churn", job, [task(TaskState.FAILED, 1, "exit code 3", attempt())])
    assert status.schedule == "@hourly, 0 11 * * *"
    assert (status.state, status.reason, status.run) == ("failed", "exit code 3", "churn/42")
    assert (status.started_at, status.ended_at) == (NOON.isoformat(), NOON.isoformat())
    assert status.instances == 2


def test_evidence_is_the_outcome_as_data() -> None:
    assert present.evidence(Exited(3)) == {"kind": "Exited", "code": 3}
    killed = present.evidence(OomKilled(64 * 2**20, 64 * 2**20))
    assert killed["limit_bytes"] == killed["peak_bytes"] == 64 * 2**20
    assert killed["suggested_limit_bytes"] == 128 * 2**20


def test_a_run_names_the_tasks_that_failed() -> None:
    run = new_run(RUN.project, 42)
    failed = ((INGEST, 1, ""), (JobId("gone"), 0, ""), (JobId("flow"), 4, "train[3]"))
    view = RunView(RUN, "churn", DeploymentNumber(1), run.cause, (), run.state, NOON, None, 2, failed)
    config = replace(CONFIG, jobs=(replace(JOB, parallelism=2), CONFIG.jobs[1]))
    assert present.run_summary(view, config).failed == ["ingest[1]", "gone", "flow/train[3]"]


def test_the_live_deployment_is_shown_as_in_the_list(database: Database, tmp_path: Path) -> None:
    project = add_churn(database, tmp_path)
    with database.reader() as reader:
        (view,) = reader.deployments(project)
        deployment = reader.deployment(project, view.number)
    assert present.live_deployment_info(deployment) == present.deployment_info(view)


def outline(run: RunView, tasks: tuple[TaskView, ...]) -> RunOutline:
    counts: dict[tuple[JobId, str], Counter[TaskState]] = {}
    for one in tasks:
        counts.setdefault((one.key.job, one.part.partition("[")[0]), Counter())[one.state] += 1
    return RunOutline(run, tasks, counts)


def test_of_thousands_of_instances_the_ones_that_say_most_are_listed_and_all_are_counted() -> None:
    run = RunView(RUN, "churn", DeploymentNumber(1), new_run(1).cause, (), RunState.RUNNING, NOON, None, 10_000, ())
    states = [TaskState.FAILED if instance == 7_777 else TaskState.SUCCEEDED for instance in range(10_000)]
    tasks = tuple(task(state, instance, "exit code 1") for instance, state in enumerate(states))
    config = replace(CONFIG, jobs=(replace(JOB, parallelism=10_000),))
    shown = present.run_detail(outline(run, tasks), config)
    assert len(shown.tasks) == present.MOST_SHOWN
    assert [one.instance for one in shown.tasks if one.state == "failed"] == [7_777]
    assert shown.groups[0].counts == {"failed": 1, "succeeded": 9_999}
    status = present.job_status("churn", JOB, [tasks[7_777]], {TaskState.FAILED: 1, TaskState.SUCCEEDED: 9_999})
    assert status.reason == "1 failed, 9,999 succeeded: exit code 1"
    assert (status.instances, status.counts) == (10_000, {"failed": 1, "succeeded": 9_999})


def test_of_a_wide_flow_each_step_is_shown() -> None:
    flow = replace(JOB, flow=Flow("Flow", "flow.py", "start", ()))
    parts = ["_parameters", "start", *(f"work[{number}]" for number in range(200)), "join"]
    tasks = tuple(
        TaskView(TaskKey(RUN, JOB.id, instance), TaskState.SUCCEEDED, "", 1, None, NOON, part=part)
        for instance, part in enumerate(parts)
    )
    cause = new_run(1).cause
    view = RunView(RUN, "churn", DeploymentNumber(1), cause, (), RunState.SUCCEEDED, NOON, None, 203, ())
    shown = present.run_detail(outline(view, tasks), replace(CONFIG, jobs=(flow,)))
    names = [task.task.rpartition("/")[2] for task in shown.tasks]
    assert (names[:2], names[-1], len(names)) == (["_parameters", "start"], "join", 53)
    assert [(group.name, group.instances) for group in shown.groups] == [(f"{JOB.name}/work", 200)]
    assert list(shown.flows) == [JOB.name]
