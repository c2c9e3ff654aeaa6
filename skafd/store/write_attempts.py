"""Writing attempts: begun, running under a supervisor, ended with the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from skafd.errors import StoreError
from skafd.model.decisions import Kill, Transition
from skafd.model.ids import AttemptKey, TaskKey
from skafd.model.outcome import Exited, Usage, state_of
from skafd.model.states import TaskState
from skafd.store.codec import encode_limits, encode_outcome
from skafd.store.instants import to_microseconds
from skafd.store.statements import PROJECT, Statements
from skafd.store.views import Launching

TASK = f"project = {PROJECT} AND run = :run AND job = :job AND instance = :instance"
"""A condition on the rows of one task; `task_values` binds it."""
_STEP = "substr({part}, 1, instr({part} || '[', '[') - 1)"
_TASKS_LOOKED_AT = 1000
_ATTEMPT = f"{TASK} AND number = :number"


class AttemptWriter(Statements):
    """The part of the Writer that concerns attempts."""

    def attempt_running(
        self, attempt: AttemptKey, supervisor_pid: int, start_time: int, boot_id: str, now: datetime
    ) -> None:
        """Notes which supervisor runs an attempt and since when. An attempt that has ended is left as it is."""
        self._change(
            f"""UPDATE attempt SET supervisor_pid = :pid, supervisor_start_time = :start_time, boot_id = :boot_id,
                    started_at = ifnull(started_at, :at)
                WHERE {_ATTEMPT} AND ended_at IS NULL""",
            task_values(attempt.task)
            | {"number": attempt.number, "pid": supervisor_pid, "start_time": start_time, "boot_id": boot_id}
            | {"at": to_microseconds(now)},
        )

    def highest_peak_bytes(self, task: TaskKey) -> int | None:
        """The most memory that ended attempts of the task's job took lately, in a flow those of its step."""
        row = self._one(
            f"""WITH known AS
                    (SELECT * FROM task WHERE project = {PROJECT} AND job = :job ORDER BY run DESC LIMIT :tasks)
                SELECT max(peak_memory_bytes) AS peak FROM known
                JOIN attempt USING (project, run, job, instance)
                WHERE {_STEP.format(part="known.part")} =
                    (SELECT {_STEP.format(part="part")} FROM task WHERE {TASK})""",
            task_values(task) | {"tasks": _TASKS_LOOKED_AT},
        )
        return None if row is None else row["peak"]

    def _write_attempts(
        self, transitions: Iterable[Transition], launching: Mapping[AttemptKey, Launching], at: int
    ) -> None:
        for move in transitions:
            if move.new is TaskState.STARTING:
                self._begin_attempt(move, launching, at)
            elif move.new is TaskState.RUNNING:
                self._run_attempt(move, at)
            elif move.outcome is not None:
                self._end_attempt(move, at)

    def _begin_attempt(self, move: Transition, launching: Mapping[AttemptKey, Launching], at: int) -> None:
        known = launching.get(AttemptKey(move.task, move.attempt))
        if known is None:
            raise StoreError(f"nothing is said of where {_name(move)} is to run: a bug")
        self._change(
            f"""INSERT INTO attempt
                    (project, run, job, instance, number, state, directory, limits, boot_id, launched_at)
                VALUES ({PROJECT}, :run, :job, :instance, :number, 'starting', :directory, :limits, :boot_id, :at)""",
            _attempt_values(move, at)
            | {"directory": str(known.directory), "limits": encode_limits(known.limits), "boot_id": known.boot_id},
        )

    def _run_attempt(self, move: Transition, at: int) -> None:
        self._change(
            f"UPDATE attempt SET state = 'running', started_at = ifnull(started_at, :at) WHERE {_ATTEMPT}",
            _attempt_values(move, at),
        )

    def _end_attempt(self, move: Transition, at: int) -> None:
        # Never before it started, though the clock may have been set back meanwhile.
        sql = f"""UPDATE attempt SET state = :state, ended_at = max(:at, ifnull(started_at, :at)),
                outcome = :outcome, exit_code = :exit_code,
                peak_memory_bytes = :peak_memory_bytes, cpu_seconds = :cpu_seconds, start = :start
            WHERE {_ATTEMPT} AND ended_at IS NULL"""
        if not self._change(sql, _end_values(move, at)):
            raise StoreError(f"{_name(move)} is said to end, and does not exist or has ended before")

    def _write_kills(self, kills: Iterable[Kill]) -> None:
        self._change_many(
            f"UPDATE attempt SET kill_reason = :reason WHERE {_ATTEMPT} AND ended_at IS NULL",
            [task_values(kill.attempt.task) | {"number": kill.attempt.number, "reason": kill.reason} for kill in kills],
        )


def task_values(task: TaskKey) -> dict[str, Any]:
    """What names a task's row."""
    return {"project": task.run.project, "run": task.run.number, "job": task.job, "instance": task.instance}


def _attempt_values(move: Transition, at: int) -> dict[str, Any]:
    return task_values(move.task) | {"number": move.attempt, "at": at}


def _end_values(move: Transition, at: int) -> dict[str, Any]:
    assert move.outcome is not None, "only called for moves that end an attempt"
    usage = move.usage or Usage()
    return _attempt_values(move, at) | {
        "state": state_of(move.outcome),
        "outcome": encode_outcome(move.outcome),
        "exit_code": move.outcome.code if isinstance(move.outcome, Exited) else None,
        "peak_memory_bytes": usage.peak_memory_bytes,
        "cpu_seconds": usage.cpu_seconds,
        "start": usage.start,
    }


def _name(move: Transition) -> str:
    task = move.task
    return f"attempt {move.attempt} of {task.job}[{task.instance}] in run {task.run.number}"
