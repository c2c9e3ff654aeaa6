"""Writing what the engine decided: runs, transitions with their events, attempts, ends. The hot path."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from skafd.errors import StoreError
from skafd.model.decisions import Decisions, RunEnded, Transition
from skafd.model.ids import AttemptKey, TaskKey
from skafd.model.outcome import Exited, Usage, state_of
from skafd.model.run import Run
from skafd.model.states import RunState, TaskState
from skafd.store.codec import encode, encode_outcome
from skafd.store.instants import to_microseconds
from skafd.store.statements import PROJECT
from skafd.store.views import Launching
from skafd.store.write_occurrences import OccurrenceWriter

_TASK = f"project = {PROJECT} AND run = :run AND job = :job AND instance = :instance"
_ATTEMPT = f"{_TASK} AND number = :number"


class DecisionWriter(OccurrenceWriter):
    """The part of the Writer that concerns runs, tasks and attempts."""

    def apply(
        self, decisions: Decisions, now: datetime, launching: Mapping[AttemptKey, Launching] = MappingProxyType({})
    ) -> None:
        """Writes decisions in their order; `launching` says more of each attempt in `decisions.launches`.

        Raises StoreError if a task or a run is not in the state that the decisions take it from.
        """
        at = to_microseconds(now)
        self._write_new_runs(decisions.new_runs, at)
        self._write_transitions(decisions.transitions, at)
        self._write_attempts(decisions.transitions, launching, at)
        self._write_job_history(decisions.transitions, at)
        self._write_ended_runs(decisions.ended_runs, at)
        self.record_missed(decisions.missed, now)

    def attempt_running(
        self, attempt: AttemptKey, supervisor_pid: int, start_time: int, boot_id: str, now: datetime
    ) -> None:
        """Notes which supervisor runs an attempt and since when. An attempt that has ended is left as it is."""
        self._change(
            f"""UPDATE attempt SET supervisor_pid = :pid, supervisor_start_time = :start_time, boot_id = :boot_id,
                    started_at = ifnull(started_at, :at)
                WHERE {_ATTEMPT} AND ended_at IS NULL""",
            _task_values(attempt.task)
            | {"number": attempt.number, "pid": supervisor_pid, "start_time": start_time, "boot_id": boot_id}
            | {"at": to_microseconds(now)},
        )

    def _write_new_runs(self, runs: Sequence[Run], at: int) -> None:
        rows = [_run_values(run, at) for run in runs]
        self._change_many(
            f"""INSERT INTO run (project, number, deployment, cause, cause_instant, cause_detail, parameters,
                    state, created_at, ended_at)
                VALUES ({PROJECT}, :run, :deployment, :cause, :cause_instant, :cause_detail, :parameters,
                    :new, :created_at, :ended_at)""",
            rows,
        )
        self._change_many("UPDATE project SET last_run_number = max(last_run_number, :run) WHERE key = :project", rows)
        tasks = [
            _task_values(task.key)
            | {"new": task.state, "reason": task.reason, "attempt": task.attempt, "old": None, "at": at}
            | {"not_before": to_microseconds(task.not_before), "rank": rank}
            for run in runs
            for rank, task in enumerate(run.tasks)
        ]
        self._change_many(
            f"""INSERT INTO task (project, run, job, instance, rank, state, reason, attempt, not_before, changed_at)
                VALUES ({PROJECT}, :run, :job, :instance, :rank, :new, :reason, :attempt, :not_before, :at)""",
            tasks,
        )
        self._write_events(rows + tasks)

    def _write_transitions(self, transitions: Sequence[Transition], at: int) -> None:
        rows = [
            _task_values(move.task)
            | {"old": move.old, "new": move.new, "reason": move.reason, "attempt": move.attempt, "at": at}
            | {"not_before": to_microseconds(move.not_before)}
            for move in transitions
        ]
        changed = self._change_many(
            f"""UPDATE task SET state = :new, reason = :reason, attempt = :attempt, not_before = :not_before,
                    changed_at = :at
                WHERE {_TASK} AND state = :old""",
            rows,
        )
        if changed != len(rows):
            moves = ", ".join(f"{row['job']}[{row['instance']}] {row['old']} to {row['new']}" for row in rows)
            raise StoreError(f"a task is not in the state that it is said to leave: {moves}")
        self._write_events(rows)

    def _write_attempts(
        self, transitions: Sequence[Transition], launching: Mapping[AttemptKey, Launching], at: int
    ) -> None:
        begun = [_launch_values(move, launching, at) for move in transitions if move.new is TaskState.STARTING]
        self._change_many(
            f"""INSERT INTO attempt (project, run, job, instance, number, state, directory, limits, launched_at)
                VALUES ({PROJECT}, :run, :job, :instance, :number, 'starting', :directory, :limits, :at)""",
            begun,
        )
        running = [_attempt_values(move, at) for move in transitions if move.new is TaskState.RUNNING]
        self._change_many(
            f"UPDATE attempt SET state = 'running', started_at = ifnull(started_at, :at) WHERE {_ATTEMPT}", running
        )
        ended = [_end_values(move, at) for move in transitions if move.outcome is not None]
        changed = self._change_many(
            f"""UPDATE attempt SET state = :state, ended_at = :at, outcome = :outcome, exit_code = :exit_code,
                    peak_memory_bytes = :peak_memory_bytes, cpu_seconds = :cpu_seconds
                WHERE {_ATTEMPT} AND ended_at IS NULL""",
            ended,
        )
        if changed != len(ended):
            names = ", ".join(f"{row['job']}[{row['instance']}] attempt {row['number']}" for row in ended)
            raise StoreError(f"an attempt that is said to end does not exist or has ended before: {names}")

    def _write_job_history(self, transitions: Sequence[Transition], at: int) -> None:
        started = [
            _attempt_values(move, at) for move in transitions if move.new is TaskState.STARTING and move.attempt == 1
        ]
        self._change_many(f"UPDATE job SET last_started_at = :at WHERE project = {PROJECT} AND id = :job", started)
        succeeded = [_attempt_values(move, at) for move in transitions if move.new is TaskState.SUCCEEDED]
        # A job with several instances has succeeded when the last of them has.
        self._change_many(
            f"""UPDATE job SET last_succeeded_at = :at
                WHERE project = {PROJECT} AND id = :job AND NOT EXISTS (
                    SELECT 1 FROM task
                    WHERE project = {PROJECT} AND run = :run AND job = :job AND state != 'succeeded')""",
            succeeded,
        )

    def _write_ended_runs(self, ended: Sequence[RunEnded], at: int) -> None:
        rows = [
            _no_task
            | {"project": end.run.project, "run": end.run.number, "at": at}
            | {"old": RunState.RUNNING, "new": end.state}
            for end in ended
        ]
        changed = self._change_many(
            f"""UPDATE run SET state = :new, ended_at = :at
                WHERE project = {PROJECT} AND number = :run AND state = :old""",
            rows,
        )
        if changed != len(rows):
            numbers = ", ".join(str(end.run.number) for end in ended)
            raise StoreError(f"a run that is said to end is not open; it is one of {numbers}")
        self._write_events(rows)

    def _write_events(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._change_many(
            f"""INSERT INTO event (at, project, run, job, instance, attempt, old, new, reason)
                VALUES (:at, {PROJECT}, :run, :job, :instance, :attempt, :old, :new, :reason)""",
            rows,
        )


_no_task: dict[str, Any] = {"job": None, "instance": None, "attempt": None, "reason": ""}


def _task_values(task: TaskKey) -> dict[str, Any]:
    return {"project": task.run.project, "run": task.run.number, "job": task.job, "instance": task.instance}


def _run_values(run: Run, at: int) -> dict[str, Any]:
    return _no_task | {
        "project": run.key.project,
        "run": run.key.number,
        "deployment": run.deployment,
        "cause": run.cause.kind,
        "cause_instant": to_microseconds(run.cause.instant),
        "cause_detail": run.cause.detail,
        "parameters": json.dumps(run.parameters),
        "old": None,
        "new": run.state,
        "created_at": to_microseconds(run.created_at) or at,
        "ended_at": to_microseconds(run.ended_at),
        "at": at,
    }


def _attempt_values(move: Transition, at: int) -> dict[str, Any]:
    return _task_values(move.task) | {"number": move.attempt, "at": at}


def _launch_values(move: Transition, launching: Mapping[AttemptKey, Launching], at: int) -> dict[str, Any]:
    attempt = AttemptKey(move.task, move.attempt)
    if attempt not in launching:
        raise StoreError(f"nothing is said of where attempt {move.attempt} of {move.task.job} is to run: a bug")
    known = launching[attempt]
    return _attempt_values(move, at) | {"directory": str(known.directory), "limits": encode(known.limits)}


def _end_values(move: Transition, at: int) -> dict[str, Any]:
    assert move.outcome is not None, "only called for moves that end an attempt"
    usage = move.usage or Usage()
    return _attempt_values(move, at) | {
        "state": state_of(move.outcome),
        "outcome": encode_outcome(move.outcome),
        "exit_code": move.outcome.code if isinstance(move.outcome, Exited) else None,
        "peak_memory_bytes": usage.peak_memory_bytes,
        "cpu_seconds": usage.cpu_seconds,
    }
