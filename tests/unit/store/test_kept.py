"""What jobs say and keep, in the database: series, artifacts, models, inputs, and each call once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from skafd.errors import Refused
from skafd.model.ids import AttemptKey, JobId, ProjectId, RunKey, TaskKey
from skafd.model.kept import Access, Content, Input, InputKind, MetricPoint, Progress, by_hand
from skafd.store import Database, Launching
from tests.support.stored import INGEST, NOON, TRAIN, add_churn, life

A, B = Content("a" * 64, 3), Content("b" * 64, 5)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "skafd.db")
    yield opened
    opened.close()


@pytest.fixture
def churn(database: Database, tmp_path: Path) -> ProjectId:
    project = add_churn(database, tmp_path, "token")
    for number in (1, 2):
        for place, decisions in enumerate(life(project, number)):
            with database.transaction() as writer:
                launches = {
                    AttemptKey(move.task, move.attempt): Launching(tmp_path)
                    for move in decisions.transitions
                    if move.new == "starting"
                }
                writer.apply(decisions, NOON + timedelta(minutes=number * 10 + place), launches)
    return project


def attempt(project: ProjectId, run: int = 1, job: JobId = TRAIN, instance: int = 0) -> AttemptKey:
    return AttemptKey(TaskKey(RunKey(project, run), job, instance), 1)


def point(y: float | None, x: float | str | None = None, name: str = "loss", **labels: str) -> MetricPoint:
    return MetricPoint(name, y, x, NOON, **labels)


def test_points_go_to_the_series_of_their_attempt_in_order(database: Database, churn: ProjectId) -> None:
    with database.transaction() as writer:
        writer.add_points(attempt(churn), [point(0.5, 1, y_label="loss"), point(3.0, name="rows"), point(None, 2)])
        writer.add_points(attempt(churn), [point(0.25, "2030-01-01")])
        writer.add_points(attempt(churn, run=2), [point(0.125)])
    with database.reader() as reader:
        assert reader.metric_names(churn) == (("loss", 2, 4), ("rows", 1, 1))
        series = reader.metric_series(churn, "loss")
        assert [(one.source.task.run.number, one.points, one.y_label) for one in series] == [(1, 3, "loss"), (2, 1, "")]
        assert [(one.x, one.y) for one in reader.metric_points(series[0].id, 100)] == [
            (1.0, 0.5),
            (2.0, None),
            ("2030-01-01", 0.25),
        ]
        assert [(one.x, one.y) for one in reader.metric_points(series[1].id, 100)] == [(1, 0.125)]
        assert len(reader.metric_series(churn, "loss", runs=1)) == 1
        assert len(reader.series_of_run(RunKey(churn, 1))) == 2


def test_of_many_points_some_are_shown_and_the_last(database: Database, churn: ProjectId) -> None:
    with database.transaction() as writer:
        writer.add_points(attempt(churn), [point(float(number)) for number in range(1, 1002)])
    with database.reader() as reader:
        shown = reader.metric_points(reader.metric_series(churn, "loss")[0].id, 100)
    assert len(shown) <= 101
    assert shown[-1].y == 1001


def test_progress_is_the_last_that_was_said(database: Database, churn: ProjectId) -> None:
    with database.transaction() as writer:
        writer.set_progress(attempt(churn), Progress(1, 10, "", NOON.isoformat()))
        writer.set_progress(attempt(churn), Progress(2, 10, "half", NOON.isoformat()))
    with database.reader() as reader:
        tasks = {task.key.job: task for task in reader.run(RunKey(churn, 1)).tasks}
    progress = tasks[TRAIN].attempts[0].progress
    assert progress is not None
    assert (progress.done, progress.total, progress.text) == (2, 10, "half")
    assert tasks[INGEST].attempts[0].progress is None


def test_the_newest_artifact_of_a_name_counts(database: Database, churn: ProjectId) -> None:
    with database.transaction() as writer:
        writer.add_artifact(attempt(churn), "model", A, "pickle", "dict", NOON)
        newest = writer.add_artifact(attempt(churn), "model", B, "pickle", "dict", NOON)
        writer.add_artifact(attempt(churn, job=INGEST), "rows", A, "bytes", "bytes", NOON)
    with database.reader() as reader:
        assert [one.id for one in reader.artifacts_named(RunKey(churn, 1), "model")] == [newest]
        assert len(reader.artifacts_of_run(RunKey(churn, 1))) == 3
        assert reader.artifacts_named(RunKey(churn, 1), "model", INGEST) == ()
        assert reader.newest_run_with(churn, "model", None, 0) == 1
        assert reader.newest_run_with(churn, "model", None, 1) is None
        assert reader.newest_run_with(churn, "nothing", None, 0) is None
        assert reader.artifact_names(churn) == ("model", "rows")
        assert reader.may_read(churn, A.sha256)
        assert not reader.may_read(ProjectId("another"), A.sha256)
        assert not reader.is_referenced("c" * 64)


def test_versions_of_a_model_grow_and_the_newest_has_the_tag(database: Database, churn: ProjectId) -> None:
    with database.transaction() as writer:
        first = writer.add_model(attempt(churn), "tree", A, ["latest"], Access.PRIVATE, NOON)
        second = writer.add_model(attempt(churn), "tree", B, ["latest", "new"], Access.PUBLIC, NOON)
        by_nobody = writer.add_model(by_hand(churn), "other", A, [], Access.PRIVATE, NOON)
    assert first.version == str(int(NOON.timestamp() * 1000))
    assert second.version == str(int(first.version) + 1)
    assert (first.deployment, first.snapshot_hash) == (1, "hash")
    assert (by_nobody.deployment, by_nobody.snapshot_hash) == (None, "")
    with database.reader() as reader:
        assert [one.version for one in reader.models(churn, "tree", tag="latest")] == [second.version, first.version]
        assert reader.models(churn, "tree", version=first.version)[0].tags == ("latest",)
        assert reader.may_read(ProjectId("another"), B.sha256)
        assert [one.name for one in reader.models_of_run(RunKey(churn, 1))] == ["tree", "tree"]


def test_promoting_takes_the_tag_from_all_others(database: Database, churn: ProjectId) -> None:
    with database.transaction() as writer:
        first = writer.add_model(attempt(churn), "tree", A, ["production"], Access.PRIVATE, NOON)
        second = writer.add_model(attempt(churn), "tree", B, ["production"], Access.PRIVATE, NOON)
        writer.promote_model(first, "production")
        assert [one.id for one in writer.models(churn, "tree", tag="production")] == [first.id]
        assert writer.untag_model(first, "production")
        assert not writer.untag_model(first, "production")
        writer.delete_model(second)
        assert [one.id for one in writer.models(churn)] == [first.id]


def test_artifacts_of_runs_that_are_gone_go_unless_something_was_made_of_them(
    database: Database, churn: ProjectId
) -> None:
    with database.transaction() as writer:
        read = writer.add_artifact(attempt(churn), "rows", A, "bytes", "bytes", NOON)
        writer.add_artifact(attempt(churn), "unread", B, "bytes", "bytes", NOON)
        older = writer.add_artifact(by_hand(churn), "notes", A, "bytes", "bytes", NOON)
        newer = writer.add_artifact(by_hand(churn), "notes", B, "bytes", "bytes", NOON)
        writer.add_inputs(
            attempt(churn, run=2), [Input(InputKind.ARTIFACT, "rows", "1", A.sha256, "churn/1/train", read)] * 2, NOON
        )
        writer.delete_runs([RunKey(churn, 1)])
        writer.delete_lost_artifacts()
        writer.delete_older_by_hand()
        assert [writer.artifact(number) is not None for number in (read, read + 1, older, newer)] == [
            True,
            False,
            False,
            True,
        ]
        assert len(writer.inputs_of_run(RunKey(churn, 2))) == 1
        writer.delete_runs([RunKey(churn, 2)])
        writer.delete_lost_artifacts()
        assert writer.artifact(read) is None


def test_a_call_that_fails_takes_nothing_with_it(database: Database, churn: ProjectId) -> None:
    with database.transaction() as writer:
        writer.add_artifact(attempt(churn), "first", A, "bytes", "bytes", NOON)
        with pytest.raises(ZeroDivisionError), writer.all_or_nothing():
            writer.add_artifact(attempt(churn), "second", A, "bytes", "bytes", NOON)
            raise ZeroDivisionError
        with pytest.raises(Refused, match="is gone"), writer.all_or_nothing():
            writer.add_artifact(attempt(ProjectId("nobody")), "third", A, "bytes", "bytes", NOON)
        assert writer.artifact_names(churn) == ("first",)


def test_answers_are_remembered_for_a_while(database: Database, churn: ProjectId) -> None:
    with database.transaction() as writer:
        writer.remember_answer("one", "7", NOON)
        assert (writer.answered("one"), writer.answered("two")) == ("7", None)
        writer.forget_answers(NOON)
        assert writer.answered("one") == "7"
        writer.forget_answers(NOON + timedelta(seconds=1))
        assert writer.answered("one") is None
        assert not writer.is_alive(attempt(churn))


def test_a_new_database_loads_no_library_that_it_does_not_need(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from skafd.store import Database
Database.open(Path({str(tmp_path / "new.db")!r})).close()
print(sorted({{"numpy", "pandas"}} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "[]\n"
