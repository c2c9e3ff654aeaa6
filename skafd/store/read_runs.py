"""What screens show of runs: lists, one run with all its evidence, the newest task of each job, events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from skafd.errors import NotFound
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.states import FAILURES, RunState
from skafd.store.rows import attempt_view, event_view, run_view, task_view
from skafd.store.statements import PROJECT, Statements
from skafd.store.views import EventView, RunDetail, RunView, TaskView

_FAILURES = ", ".join(f"'{state.value}'" for state in sorted(FAILURES))

_RUN_VIEW = f"""
    SELECT project.key, project.slug, run.*,
        (SELECT count(*) FROM task WHERE task.project = run.project AND task.run = run.number) AS task_count,
        (SELECT json_group_array(json_array(job, instance)) FROM task
            WHERE task.project = run.project AND task.run = run.number AND task.state IN ({_FAILURES})) AS failed
    FROM run JOIN project ON project.id = run.project"""

_RUN_ID = f"(SELECT id FROM run WHERE project = {PROJECT} AND number = :run)"
_BEFORE_ID = """(SELECT run.id FROM run JOIN project ON project.id = run.project
    WHERE project.key = :before_project AND run.number = :before_run)"""
_EVENTS = "SELECT project.key, event.* FROM event JOIN project ON project.id = event.project"


class RunReader(Statements):
    """The part of the Reader that concerns runs."""

    def runs(
        self,
        project: ProjectId | None = None,
        job: JobId | None = None,
        states: Iterable[RunState] = (),
        limit: int = 50,
        before: RunKey | None = None,
    ) -> tuple[RunView, ...]:
        """Runs, newest first: of one project, with one of its jobs, in one of `states`, older than the run `before`.

        `job` narrows down only together with `project`.
        """
        sql, values = _list_statement(project, job, tuple(states), before)
        return tuple(run_view(row) for row in self._all(sql, values | {"limit": limit}))

    def run(self, key: RunKey) -> RunDetail:
        """One run with its tasks and their attempts. Raises NotFound."""
        values = {"project": key.project, "run": key.number}
        row = self._one(f"{_RUN_VIEW} WHERE run.id = {_RUN_ID}", values)
        if row is None:
            raise NotFound(f"there is no run number {key.number}", "`skafd runs` lists them")
        tasks = self._all(f"SELECT * FROM task WHERE project = {PROJECT} AND run = :run ORDER BY rank", values)
        return RunDetail(run_view(row), tuple(self._task_view(key, task) for task in tasks))

    def latest_tasks(self, project: ProjectId) -> tuple[TaskView, ...]:
        """The tasks, one per instance, of each job's newest run."""
        rows = self._all(
            # CROSS JOIN makes SQLite look up each job's newest run instead of scanning all tasks.
            f"""SELECT task.* FROM job CROSS JOIN task ON task.project = job.project AND task.job = job.id
                    AND task.run = (SELECT max(run) FROM task WHERE project = job.project AND job = job.id)
                WHERE job.project = {PROJECT} ORDER BY task.run, task.rank""",
            {"project": project},
        )
        return tuple(self._task_view(RunKey(project, row["run"]), row) for row in rows)

    def events(self, after: int = 0, limit: int = 1000) -> tuple[EventView, ...]:
        """Transitions of all runs with a higher id than `after`, oldest first."""
        rows = self._all(f"{_EVENTS} WHERE event.id > ? ORDER BY event.id LIMIT ?", (after, limit))
        return tuple(event_view(row) for row in rows)

    def run_events(self, key: RunKey) -> tuple[EventView, ...]:
        """Every transition of one run, oldest first."""
        rows = self._all(
            f"{_EVENTS} WHERE event.project = {PROJECT} AND event.run = :run ORDER BY event.id",
            {"project": key.project, "run": key.number},
        )
        return tuple(event_view(row) for row in rows)

    def _task_view(self, run: RunKey, row: sqlite3.Row) -> TaskView:
        attempts = self._all(
            "SELECT * FROM attempt WHERE project = ? AND run = ? AND job = ? AND instance = ? ORDER BY number",
            (row["project"], row["run"], row["job"], row["instance"]),
        )
        return task_view(run, row, tuple(attempt_view(attempt) for attempt in attempts))


def _list_statement(
    project: ProjectId | None, job: JobId | None, states: tuple[RunState, ...], before: RunKey | None
) -> tuple[str, dict[str, Any]]:
    conditions = ["1"]
    values: dict[str, Any] = {"project": project, "job": job}
    if project is not None:
        conditions.append(f"run.project = {PROJECT}")
    if project is not None and job is not None:
        conditions.append(f"run.number IN (SELECT run FROM task WHERE project = {PROJECT} AND job = :job)")
    if states:
        conditions.append(f"run.state IN ({', '.join(f':state{index}' for index in range(len(states)))})")
        values |= {f"state{index}": state for index, state in enumerate(states)}
    # Within a project, numbers grow with ids, and an index has them in order.
    order = "run.id" if project is None else "run.number"
    if before is not None:
        conditions.append(f"{order} < {_BEFORE_ID if project is None else ':before_run'}")
        values |= {"before_project": before.project, "before_run": before.number}
    return f"{_RUN_VIEW} WHERE {' AND '.join(conditions)} ORDER BY {order} DESC LIMIT :limit", values
