"""What people are told of what a run, or one task of it, has kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from skafd.daemon.kept.of_run import kept_of_run, kept_of_task
from skafd.errors import NotFound
from skafd.model.ids import AttemptKey, JobId, ProjectId, RunKey, TaskKey
from skafd.model.kept import Access, Content, Input, InputKind, MetricPoint
from skafd.store import Database, Launching
from tests.support.stored import INGEST, NOON, TRAIN, add_churn, life


@pytest.fixture
def churn(database: Database, tmp_path: Path) -> ProjectId:
    """A run of which each task has kept something, and one has read what the other kept."""
    project = add_churn(database, tmp_path, "token")
    for place, decisions in enumerate(life(project, 1)):
        with database.transaction() as writer:
            launches = {
                AttemptKey(move.task, move.attempt): Launching(tmp_path)
                for move in decisions.transitions
                if move.new == "starting"
            }
            writer.apply(decisions, NOON + timedelta(minutes=place), launches)
    with database.transaction() as writer:
        for job in (INGEST, TRAIN):
            one = _attempt(project, job)
            writer.add_artifact(one, f"{job} rows", Content("a" * 64, 3), "pickle", "list", NOON)
            writer.add_model(one, f"{job}-model", Content("b" * 64, 5), [], Access.PRIVATE, NOON)
            writer.add_points(one, [MetricPoint(f"{job} loss", 0.5, 1, NOON)])
        read = Input(InputKind.ARTIFACT, "ingest rows", "1", "a" * 64, "churn/1")
        writer.add_inputs(_attempt(project, TRAIN), [read], NOON)
    return project


@pytest.mark.usefixtures("churn")
def test_of_a_run_everything_is_told(database: Database, tmp_path: Path) -> None:
    with database.reader() as reader:
        kept = kept_of_run(reader, tmp_path, "churn/1")
    assert {one.name for one in kept.artifacts} == {f"{INGEST} rows", f"{TRAIN} rows"}
    assert len(kept.models) == len(kept.metrics) == len(kept.records) == 2


@pytest.mark.usefixtures("churn")
def test_of_one_task_only_its_own_is_read(database: Database, tmp_path: Path) -> None:
    with database.reader() as reader:
        name = kept_of_run(reader, tmp_path, "churn/1").inputs[0].task
        kept = kept_of_task(reader, tmp_path, "churn/1", name)
    found = [*kept.artifacts, *kept.models, *kept.metrics, *kept.inputs, *kept.records]
    assert len(found) == 5
    assert {one.task for one in found} == {name}


@pytest.mark.usefixtures("churn")
def test_a_task_that_is_not_there_is_not_found(database: Database, tmp_path: Path) -> None:
    with database.reader() as reader:
        for other in ("churn/1/nothing", "churn/1"):
            with pytest.raises(NotFound):
                kept_of_task(reader, tmp_path, "churn/1", other)


def _attempt(project: ProjectId, job: JobId) -> AttemptKey:
    return AttemptKey(TaskKey(RunKey(project, 1), job), 1)
