"""What screens show of runs: lists, one run with all its evidence, the newest task of each job, events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from skafd.errors import NotFound
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.states import FAILURES, RunState, TaskState
from skafd.store.rows import attempt_view, ended_attempt, event_view, run_view, task_view
from skafd.store.statements import PROJECT, Statements
from skafd.store.views import AttemptView, EndedAttempt, EventView, RunDetail, RunOutline, RunView, TaskView

_FAILURES = ", ".join(f"'{state.value}'" for state in sorted(FAILURES))

_RUN_VIEW = f"""
    SELECT project.key, project.slug, run.*,
        (SELECT count(*) FROM task WHERE task.project = run.project AND task.run = run.number) AS task_count,
        (SELECT json_group_array(json_array(job, instance, part)) FROM task
            WHERE task.project = run.project AND task.run = run.number AND task.state IN ({_FAILURES})) AS failed,
        (SELECT json_group_array(tag) FROM (SELECT tag FROM run_tag WHERE run_tag.run = run.id ORDER BY tag)) AS tags
    FROM run JOIN project ON project.id = run.project"""

_WEIGHT = f"""CASE WHEN task.state IN ({_FAILURES}) THEN 3 WHEN task.state IN ('starting', 'running') THEN 2
    WHEN task.state IN ('waiting', 'queued') THEN 1 ELSE 0 END"""
_STEP = "CASE WHEN instr(part, '[') THEN substr(part, 1, instr(part, '[') - 1) ELSE part END"
"""Of a task of a flow: `score` of `score[3]`."""
_FEW = 200
# CROSS JOIN makes SQLite look up each job's newest run instead of scanning all tasks.
_OF_NEWEST_RUNS = f"""FROM job CROSS JOIN task ON task.project = job.project AND task.job = job.id
        AND task.run = (SELECT max(run) FROM task WHERE project = job.project AND job = job.id)
    WHERE job.project = {PROJECT}"""
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
        tag: str | None = None,
        user: str | None = None,
    ) -> tuple[RunView, ...]:
        """Runs, newest first: of one project, with one of its jobs, in one of `states`, older than the run `before`.

        With a `tag`; asked for by a `user`, an empty one for those that nobody asked for.
        `job` narrows down only together with `project`.
        """
        sql, values = _list_statement(project, job, tuple(states), before, tag, user)
        return tuple(run_view(row) for row in self._all(sql, values | {"limit": limit}))

    def run_view(self, key: RunKey) -> RunView:
        """One run without its tasks. Raises NotFound."""
        row = self._one(f"{_RUN_VIEW} WHERE run.id = {_RUN_ID}", {"project": key.project, "run": key.number})
        if row is None:
            raise NotFound(f"there is no run number {key.number}", "`skafd runs` lists them")
        return run_view(row)

    def run(self, key: RunKey, job: JobId | None = None, instance: int | None = None) -> RunDetail:
        """One run with its tasks, those of a job, or one of these, and their attempts. Raises NotFound."""
        tasks = self._all(
            f"""SELECT * FROM task WHERE project = {PROJECT} AND run = :run
                AND (:job IS NULL OR job = :job) AND (:instance IS NULL OR instance = :instance)
                ORDER BY rank, instance""",
            {"project": key.project, "run": key.number, "job": job, "instance": instance},
        )
        return RunDetail(self.run_view(key), self._task_views(key, tasks))

    def outline(self, key: RunKey, most: int) -> RunOutline:
        """One run with at most so many tasks of each job, and those that are the first in a state. Raises NotFound."""
        values = {"project": key.project, "run": key.number, "most": most}
        told = self._all(
            f"""SELECT * FROM (
                SELECT task.*,
                    row_number() OVER (PARTITION BY job, {_STEP} ORDER BY {_WEIGHT} DESC, instance) AS place,
                    row_number() OVER (PARTITION BY job, {_STEP}, state ORDER BY instance) AS place_in_state
                FROM task WHERE project = {PROJECT} AND run = :run)
                WHERE place <= :most OR place_in_state = 1 ORDER BY rank, instance""",
            values,
        )
        counts: dict[tuple[JobId, str], dict[TaskState, int]] = {}
        for row in self._all(
            f"""SELECT job, {_STEP} AS step, state, count(*) AS tasks FROM task
                WHERE project = {PROJECT} AND run = :run
                GROUP BY job, step, state ORDER BY min(rank), min(instance)""",
            values,
        ):
            counts.setdefault((JobId(row["job"]), row["step"]), {})[TaskState(row["state"])] = row["tasks"]
        return RunOutline(self.run_view(key), self._task_views(key, told), counts)

    def latest_tasks(self, project: ProjectId) -> tuple[TaskView, ...]:
        """Of each job's newest run the task that says most: a failure, else what is alive, else what waits."""
        rows = self._all(
            f"""SELECT * FROM (
                SELECT task.*, row_number() OVER (PARTITION BY task.job ORDER BY {_WEIGHT} DESC, instance DESC) AS place
                {_OF_NEWEST_RUNS}) WHERE place = 1 ORDER BY run, rank""",
            {"project": project},
        )
        return tuple(self._task_views(RunKey(project, row["run"]), [row])[0] for row in rows)

    def latest_counts(self, project: ProjectId) -> dict[JobId, dict[TaskState, int]]:
        """How many instances each job has in its newest run, by state."""
        counts: dict[JobId, dict[TaskState, int]] = {}
        for row in self._all(
            f"SELECT task.job, task.state, count(*) AS tasks {_OF_NEWEST_RUNS} GROUP BY task.job, task.state",
            {"project": project},
        ):
            counts.setdefault(JobId(row["job"]), {})[TaskState(row["state"])] = row["tasks"]
        return counts

    def ended_attempts(self, project: ProjectId, job: JobId, limit: int) -> tuple[EndedAttempt, ...]:
        """The last executions of a job that have ended, newest first."""
        rows = self._all(
            f"""SELECT attempt.* FROM task CROSS JOIN attempt USING (project, run, job, instance)
                WHERE task.project = {PROJECT} AND task.job = :job
                    AND attempt.started_at IS NOT NULL AND attempt.ended_at IS NOT NULL
                ORDER BY task.run DESC, attempt.ended_at DESC LIMIT :limit""",
            {"project": project, "job": job, "limit": limit},
        )
        return tuple(ended_attempt(project, row) for row in rows)

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

    def _task_views(self, run: RunKey, rows: Sequence[sqlite3.Row]) -> tuple[TaskView, ...]:
        """Tasks of one run; of few the attempts are read one by one, of many at once."""
        values: dict[str, Any] = {"project": run.project, "run": run.number}
        sql = f"SELECT * FROM attempt WHERE project = {PROJECT} AND run = :run"
        if len(rows) <= _FEW:
            found = [
                attempt
                for row in rows
                for attempt in self._all(
                    f"{sql} AND job = :job AND instance = :instance ORDER BY number",
                    values | {"job": row["job"], "instance": row["instance"]},
                )
            ]
        else:
            found = self._all(f"{sql} ORDER BY number", values)
        attempts: dict[tuple[str, int], list[AttemptView]] = {}
        for row in found:
            attempts.setdefault((row["job"], row["instance"]), []).append(attempt_view(row))
        return tuple(task_view(run, row, tuple(attempts.get((row["job"], row["instance"]), ()))) for row in rows)


def _list_statement(
    project: ProjectId | None,
    job: JobId | None,
    states: tuple[RunState, ...],
    before: RunKey | None,
    tag: str | None,
    user: str | None,
) -> tuple[str, dict[str, Any]]:
    conditions = ["1"]
    values: dict[str, Any] = {"project": project, "job": job, "tag": tag, "user": user}
    if tag is not None:
        conditions.append("run.id IN (SELECT run FROM run_tag WHERE tag = :tag)")
    if user is not None:
        conditions.append("run.cause_user = :user")
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
