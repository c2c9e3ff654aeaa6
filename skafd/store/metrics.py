"""What jobs report: series of points, and how far they are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from skafd.model.ids import AttemptKey, JobId, ProjectId, RunKey, TaskKey
from skafd.model.kept import MetricPoint, Progress
from skafd.store.instants import to_instant, to_microseconds
from skafd.store.job_calls import attempt_values
from skafd.store.statements import OF_RUN_OR_TASK, PROJECT, Statements, run_or_task

_SERIES = "project = {project} AND run = :run AND job = :job AND instance = :instance AND attempt = :attempt"
_OF_ATTEMPT = _SERIES.format(project=PROJECT)


@dataclass(frozen=True, slots=True)
class Series:
    """The points that one attempt reported of one metric."""

    id: int
    source: AttemptKey
    name: str
    x_label: str
    y_label: str
    points: int


@dataclass(frozen=True, slots=True)
class Point:
    """One of them. `x` is the number of the point where none was given."""

    x: float | str
    y: float | None
    at: datetime


class MetricReader(Statements):
    """The part of the Reader that concerns metrics."""

    def metric_names(self, project: ProjectId) -> tuple[tuple[str, int, int], ...]:
        """Each metric of a project with the number of its runs and its points, by name."""
        rows = self._all(
            f"""SELECT name, count(DISTINCT run) AS runs, sum(points) AS points FROM metric_series
                WHERE project = {PROJECT} GROUP BY name ORDER BY name""",
            {"project": project},
        )
        return tuple((row["name"], row["runs"], row["points"]) for row in rows)

    def metric_series(
        self, project: ProjectId, name: str, run: int | None = None, runs: int = 10
    ) -> tuple[Series, ...]:
        """The series of a metric in one run, else in the newest `runs` that have it; oldest run first."""
        newest = f"""SELECT DISTINCT run FROM metric_series WHERE project = {PROJECT} AND name = :name
            ORDER BY run DESC LIMIT :runs"""
        rows = self._all(
            f"""SELECT * FROM metric_series WHERE project = {PROJECT} AND name = :name
                    AND run IN ({":run" if run is not None else newest})
                ORDER BY run, job, instance, attempt""",
            {"project": project, "name": name, "run": run, "runs": runs},
        )
        return tuple(_series(project, row) for row in rows)

    def series_of_run(self, run: RunKey, task: TaskKey | None = None) -> tuple[Series, ...]:
        """Every series that the attempts of a run, or of one task of it, reported."""
        sql = f"SELECT * FROM metric_series WHERE {OF_RUN_OR_TASK} ORDER BY job, instance, attempt, name"
        return tuple(_series(run.project, row) for row in self._all(sql, run_or_task(run, task)))

    def metric_points(self, series: int, most: int) -> tuple[Point, ...]:
        """The points of a series as they were reported; of more than `most` every n-th, and the last."""
        count = self._one("SELECT points FROM metric_series WHERE id = ?", (series,))
        step = max(1, -(-(count["points"] if count else 0) // most))
        rows = self._all(
            """SELECT * FROM metric_point WHERE series = :series
                    AND (number % :step = 0 OR number = (SELECT max(number) FROM metric_point WHERE series = :series))
                ORDER BY number""",
            {"series": series, "step": step},
        )
        return tuple(_point(row) for row in rows)

    def last_point(self, series: int) -> Point | None:
        """The newest point of a series."""
        row = self._one("SELECT * FROM metric_point WHERE series = ? ORDER BY number DESC LIMIT 1", (series,))
        return _point(row) if row else None


class MetricWriter(MetricReader):
    """The part of the Writer that concerns metrics."""

    def add_points(self, source: AttemptKey, points: Sequence[MetricPoint]) -> None:
        """Adds points to the series of an attempt, which are made when they are new."""
        for name in dict.fromkeys(point.name for point in points):
            self._add_to_series(source, name, [point for point in points if point.name == name])

    def set_progress(self, source: AttemptKey, progress: Progress) -> None:
        """How far an attempt is, in place of what was known."""
        self._change(
            f"""UPDATE attempt SET progress = :progress
                WHERE project = {PROJECT} AND run = :run AND job = :job AND instance = :instance
                    AND number = :attempt""",
            {**attempt_values(source), "progress": json.dumps(asdict(progress))},
        )

    def _add_to_series(self, source: AttemptKey, name: str, points: Sequence[MetricPoint]) -> None:
        values = {
            **attempt_values(source),
            "name": name,
            "x_label": next((point.x_label for point in reversed(points) if point.x_label), ""),
            "y_label": next((point.y_label for point in reversed(points) if point.y_label), ""),
            "count": len(points),
        }
        self._change(
            f"""INSERT INTO metric_series (project, run, job, instance, attempt, name, x_label, y_label, points)
                VALUES ({PROJECT}, :run, :job, :instance, :attempt, :name, :x_label, :y_label, :count)
                ON CONFLICT (project, run, job, instance, attempt, name) DO UPDATE SET points = points + :count,
                    x_label = iif(:x_label = '', x_label, :x_label), y_label = iif(:y_label = '', y_label, :y_label)""",
            values,
        )
        row = self._one(f"SELECT id, points FROM metric_series WHERE {_OF_ATTEMPT} AND name = :name", values)
        assert row is not None, "it was written just now"
        first = row["points"] - len(points) + 1
        self._change_many(
            "INSERT INTO metric_point (series, number, x, y, at) VALUES (:series, :number, :x, :y, :at)",
            [
                {"series": row["id"], "number": number, "x": one.x, "y": one.y, "at": to_microseconds(one.at)}
                for number, one in enumerate(points, first)
            ],
        )


def _series(project: ProjectId, row: sqlite3.Row) -> Series:
    task = TaskKey(RunKey(project, row["run"]), JobId(row["job"]), row["instance"])
    source = AttemptKey(task, row["attempt"])
    return Series(row["id"], source, row["name"], row["x_label"], row["y_label"], row["points"])


def _point(row: sqlite3.Row) -> Point:
    return Point(float(row["number"]) if row["x"] is None else row["x"], row["y"], to_instant(row["at"]))
