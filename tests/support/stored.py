"""A database with one small project in it, and the decisions of its runs, for tests that need history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from skafd.model.decisions import Decisions, RunEnded, Transition
from skafd.model.ids import AttemptKey, DeploymentNumber, JobId, ProjectId, RunKey, TaskKey
from skafd.model.limits import Limits, Resources
from skafd.model.outcome import Exited, Outcome, Usage
from skafd.model.project import Generation, Job, Project
from skafd.model.run import Cause, CauseKind, Run, Task
from skafd.model.states import RunState, TaskState
from skafd.store import Database, Launching

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
LIMITS = Limits(cpu=0.5, memory_bytes=64 * 2**20)
INGEST, TRAIN = JobId("ingest"), JobId("train")
CONFIG = Project(
    name="churn",
    generation=Generation.JOBS,
    jobs=(
        Job(INGEST, "ingest", "ingest.py", resources=Resources(limits=LIMITS)),
        Job(TRAIN, "train", "train.py", dependencies=(INGEST,)),
    ),
)


def add_churn(database: Database, folder: Path, token: str | None = None) -> ProjectId:
    """A project whose first deployment, of CONFIG, is live."""
    with database.transaction() as writer:
        project = writer.add_project(folder, "churn", token, NOON).id
        deployment = writer.record_deployment(project, "hash", CONFIG, "environment", NOON)
        writer.switch_live(project, deployment.number, NOON)
    return project


def new_run(project: ProjectId, number: int = 1, instances: int = 1) -> Run:
    """A run in which `ingest` waits to be queued and `train` waits for it."""
    key = RunKey(project, number)
    tasks = [
        Task(TaskKey(key, job, instance), TaskState.WAITING) for job in (INGEST, TRAIN) for instance in range(instances)
    ]
    cause = Cause(CauseKind.SCHEDULE, NOON)
    return Run(key, DeploymentNumber(1), cause, RunState.RUNNING, tuple(tasks), (("epochs", "3"),), NOON)


def begin(task: TaskKey, attempt: int = 1) -> tuple[Transition, ...]:
    """From waiting to starting."""
    return (
        Transition(task, TaskState.WAITING, TaskState.QUEUED, attempt - 1),
        Transition(task, TaskState.QUEUED, TaskState.STARTING, attempt),
    )


def running(task: TaskKey, attempt: int = 1) -> Transition:
    """From starting to running."""
    return Transition(task, TaskState.STARTING, TaskState.RUNNING, attempt)


def end(task: TaskKey, new: TaskState, outcome: Outcome, attempt: int = 1, reason: str = "") -> Transition:
    """From running to an end, or back to waiting for a retry."""
    return Transition(task, TaskState.RUNNING, new, attempt, reason, outcome=outcome, usage=Usage(2**20, 1.5))


def success(task: TaskKey) -> Transition:
    """The task's first attempt exited with 0."""
    return end(task, TaskState.SUCCEEDED, Exited(0))


def life(project: ProjectId, number: int = 1) -> Iterator[Decisions]:
    """Everything that is decided in a run that succeeds, step by step."""
    run = new_run(project, number)
    ingest, train = (task.key for task in run.tasks)
    yield Decisions(new_runs=(run,), transitions=begin(ingest))
    yield Decisions(transitions=(running(ingest),))
    yield Decisions(transitions=(success(ingest), *begin(train)))
    yield Decisions(transitions=(running(train),))
    yield Decisions(transitions=(success(train),), ended_runs=(RunEnded(run.key, RunState.SUCCEEDED),))


def apply(database: Database, *steps: Decisions, now: datetime = NOON) -> None:
    """Writes each step in a transaction of its own, a second after the one before."""
    for number, decisions in enumerate(steps):
        with database.transaction() as writer:
            writer.apply(decisions, now + timedelta(seconds=number), launching(decisions))


def launching(decisions: Decisions) -> dict[AttemptKey, Launching]:
    """A folder and limits for each attempt that the decisions begin."""
    begun = [move for move in decisions.transitions if move.new is TaskState.STARTING]
    return {
        AttemptKey(move.task, move.attempt): Launching(attempt_folder(move.task, move.attempt), LIMITS)
        for move in begun
    }


def attempt_folder(task: TaskKey, attempt: int) -> Path:
    """Where `apply` says that an attempt runs."""
    return Path(f"/runs/churn/{task.run.number}/{task.job}.{task.instance}/{attempt}")
