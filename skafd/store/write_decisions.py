"""Writing what the engine decided: runs, transitions with their events, ends. The hot path."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from skafd.errors import StoreError
from skafd.model.decisions import Added, Decisions, Expanded, RunEnded, Transition
from skafd.model.ids import AttemptKey
from skafd.model.run import Run, Task
from skafd.model.states import RunState, TaskState
from skafd.store.codec import encode
from skafd.store.gathered import GatheredWriter
from skafd.store.heard import HeardWriter
from skafd.store.instants import to_microseconds
from skafd.store.statements import PROJECT
from skafd.store.views import Launching
from skafd.store.write_attempts import TASK, AttemptWriter, task_values
from skafd.store.write_occurrences import OccurrenceWriter

_NO_TASK = MappingProxyType({"job": None, "instance": None, "attempt": None, "reason": ""})
"""In an event of a run itself."""
FIRST_TASK = f"project = {PROJECT} AND run = :run AND job = :job AND instance = 0"
_INSERT_TASK = f"""INSERT INTO task
        (project, run, job, instance, rank, state, reason, attempt, not_before, changed_at, item, memory_bytes, output,
         part, token)
    VALUES ({PROJECT}, :run, :job, :instance, {{rank}}, :new, :reason, :attempt, :not_before, :at,
        :item, :memory_bytes, :output, :part, :token)"""


class DecisionWriter(AttemptWriter, OccurrenceWriter, HeardWriter, GatheredWriter):
    """The part of the Writer that concerns runs and tasks."""

    def apply(
        self,
        decisions: Decisions,
        now: datetime,
        launching: Mapping[AttemptKey, Launching] = MappingProxyType({}),
    ) -> None:
        """Writes decisions in their order; `launching` says more of each attempt in `decisions.launches`.

        Raises StoreError if a task or a run is not in the state that the decisions take it from.
        """
        at = to_microseconds(now)
        self.keep_events(decisions.heard, now)
        self.keep_gathered(decisions.gathered)
        self.keep_unheeded(decisions.unheeded)
        self.end_gathered(decisions.unheeded, decisions.completed)
        self._write_runs(decisions.new_runs, at)
        self._write_tasks(decisions.new_runs, at)
        self._write_expanded(decisions.expanded, at)
        self._write_added(decisions.added, at)
        self._write_transitions(decisions.transitions, at)
        self._write_attempts(decisions.transitions, launching, at)
        self._write_kills(decisions.kills)
        self._write_job_history(decisions.transitions, at)
        self._write_ended_runs(decisions.ended_runs, at)
        self.record_missed(decisions.missed, now)

    def _write_runs(self, runs: Sequence[Run], at: int) -> None:
        rows = [_run_values(run, at) for run in runs]
        self._change_many(
            f"""INSERT INTO run (project, number, deployment, cause, cause_instant, cause_detail, cause_event,
                    cause_event_details, cause_user, parameters, state, created_at, ended_at)
                VALUES ({PROJECT}, :run, :deployment, :cause, :cause_instant, :cause_detail, :cause_event,
                    :cause_event_details, :cause_user, :parameters, :new, :created_at, :ended_at)""",
            rows,
        )
        self._change_many("UPDATE project SET last_run_number = max(last_run_number, :run) WHERE key = :project", rows)
        self._write_events(rows)

    def _write_tasks(self, runs: Sequence[Run], at: int) -> None:
        rows = [_task_values(task, at) | {"rank": rank} for run in runs for rank, task in enumerate(run.tasks)]
        self._change_many(_INSERT_TASK.format(rank=":rank"), rows)
        self._write_events(rows)

    def _write_expanded(self, expanded: Sequence[Expanded], at: int) -> None:
        """The first task of each job was there before; the others take its place in the run."""
        rows = [_task_values(task, at) for one in expanded for task in one.tasks]
        self._change_many(f"UPDATE task SET item = :item WHERE {TASK}", [row for row in rows if not row["instance"]])
        self._add_tasks([row for row in rows if row["instance"]])

    def _write_added(self, added: Sequence[Added], at: int) -> None:
        self._add_tasks([_task_values(task, at) for one in added for task in one.tasks])

    def _add_tasks(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._change_many(_INSERT_TASK.format(rank=f"(SELECT rank FROM task WHERE {FIRST_TASK})"), rows)
        self._write_events(rows)

    def _write_transitions(self, transitions: Sequence[Transition], at: int) -> None:
        rows = [
            task_values(move.task)
            | {"old": move.old, "new": move.new, "reason": move.reason, "attempt": move.attempt}
            | {"not_before": to_microseconds(move.not_before), "at": at, "gpus": json.dumps(move.gpus)}
            | {"memory_bytes": move.memory_bytes, "output": move.output, "excused": move.excused}
            for move in transitions
        ]
        sql = f"""UPDATE task SET state = :new, reason = :reason, attempt = :attempt, not_before = :not_before,
                excused = :excused, changed_at = :at, gpus = :gpus, memory_bytes = ifnull(:memory_bytes, memory_bytes),
                output = CASE WHEN :new = 'starting' THEN NULL ELSE ifnull(:output, output) END
            WHERE {TASK} AND state = :old"""
        for row in rows:
            if not self._change(sql, row):
                name = f"{row['job']}[{row['instance']}] in run {row['run']}"
                raise StoreError(f"{name} is said to go from {row['old']} to {row['new']}, and is not {row['old']}")
        self._write_events(rows)

    def _write_job_history(self, transitions: Sequence[Transition], at: int) -> None:
        started = [move for move in transitions if move.new is TaskState.STARTING and move.attempt == 1]
        self._change_many(
            f"UPDATE job SET last_started_at = :at WHERE project = {PROJECT} AND id = :job",
            [task_values(move.task) | {"at": at} for move in started],
        )
        # A job with several instances has succeeded when the last of them has.
        self._change_many(
            f"""UPDATE job SET last_succeeded_at = :at
                WHERE project = {PROJECT} AND id = :job AND NOT EXISTS (
                    SELECT 1 FROM task INDEXED BY task_not_succeeded
                    WHERE project = {PROJECT} AND run = :run AND job = :job AND state != 'succeeded')""",
            [task_values(move.task) | {"at": at} for move in transitions if move.new is TaskState.SUCCEEDED],
        )

    def _write_ended_runs(self, ended: Sequence[RunEnded], at: int) -> None:
        rows = [
            {**_NO_TASK, "project": end.run.project, "run": end.run.number}
            | {"old": RunState.RUNNING, "new": end.state, "at": at}
            for end in ended
        ]
        sql = f"""UPDATE run SET state = :new, ended_at = max(:at, created_at)
            WHERE project = {PROJECT} AND number = :run AND state = :old"""
        for row in rows:
            if not self._change(sql, row):
                raise StoreError(f"run {row['run']} is said to end, and does not exist or has ended before")
        self._write_events(rows)

    def _write_events(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._change_many(
            f"""INSERT INTO event (at, project, run, job, instance, attempt, old, new, reason)
                VALUES (:at, {PROJECT}, :run, :job, :instance, :attempt, :old, :new, :reason)""",
            rows,
        )


def _task_values(task: Task, at: int) -> dict[str, Any]:
    return task_values(task.key) | {
        "old": None,
        "new": task.state,
        "reason": task.reason,
        "attempt": task.attempt,
        "not_before": to_microseconds(task.not_before),
        "at": at,
        "item": task.item,
        "memory_bytes": task.memory_bytes,
        "output": task.output,
        "part": task.part,
        "token": task.token,
    }


def _run_values(run: Run, at: int) -> dict[str, Any]:
    return {
        **_NO_TASK,
        "project": run.key.project,
        "run": run.key.number,
        "deployment": run.deployment,
        "cause": run.cause.kind,
        "cause_instant": to_microseconds(run.cause.instant),
        "cause_detail": run.cause.detail,
        "cause_event": run.cause.event.number if run.cause.event else None,
        "cause_event_details": encode(run.cause.event) if run.cause.event else None,
        "cause_user": run.cause.user,
        "parameters": json.dumps(run.parameters),
        "old": None,
        "new": run.state,
        "created_at": at if run.created_at is None else to_microseconds(run.created_at),
        "ended_at": to_microseconds(run.ended_at),
        "at": at,
    }
