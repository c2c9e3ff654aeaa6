"""The writing of what was decided, and what must be true of it.

What follows from earlier writes is counted as they come, so that each check costs no more than what is new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from skafd.model.decisions import Decisions, Heard, Kill, RunEnded
from skafd.model.ids import JobId, RunKey, TaskKey
from skafd.model.project import DependencyRule
from skafd.model.states import TaskState
from skafd.schedule.timetable import Plan
from tests.support.simulated.items import check_expanded
from tests.support.simulated.moves import Moves

_LATE = timedelta(seconds=1)


@dataclass(slots=True)
class Store(Moves):
    """Fails as soon as something is written that must not be."""

    found: dict[tuple[RunKey, JobId], tuple[str, ...]] = field(default_factory=dict)
    """The items that were found for a job."""

    def write(self, plan: Plan, decisions: Decisions, now: datetime) -> None:
        """One transaction."""
        if decisions.heard:
            self._hear(decisions.heard)
        for run in decisions.new_runs:
            self.add_run(run)
        for expanded in decisions.expanded:
            self.expand(expanded)
        self._note(decisions.kills)
        for move in decisions.transitions:
            self.move(move, now)
        for expanded in decisions.expanded:
            found = self.found.pop((expanded.run, expanded.job), ())
            check_expanded(self.runs[expanded.run], expanded, found)
        self.machine.check(self._launched, now)
        self._launched.clear()
        self._note(decisions.kills)
        for run in decisions.new_runs:
            self.overlaps.check(self.runs[run.key], self.runs, self.killed)
        if plan.planned_until or decisions.missed:
            self.occurrences.decide(self, plan, decisions)
        if decisions.heard or decisions.gathered or decisions.unheeded or decisions.completed:
            self.events.write(self, decisions)
        for end in decisions.ended_runs:
            self._end_run(end)

    def check_launch(self, key: TaskKey) -> None:
        """Nothing begins before what it depends on."""
        open_run = self.runs.get(key.run)
        if open_run is None:
            return
        job, shares = open_run.shares[key.job].job, open_run.shares
        inside = [shares[one].has_passed for one in job.dependencies if one in shares]
        if job.always:
            assert open_run.open_before_end == 0, f"{key} began before the others had ended"
        elif job.dependency_rule is DependencyRule.ALL:
            assert all(inside), f"{key} began before its dependencies"
        elif inside and len(inside) == len(job.dependencies):
            assert any(inside), f"{key} began before any of its dependencies"

    def recount(self, now: datetime) -> None:
        """What is kept up to date is what it is by counting, and no retry is late."""
        self.machine.recount()
        assert {attempt.task: attempt.number for attempt in self.machine.alive} == self.alive
        alive: set[TaskKey] = set()
        for one in self.runs.values():
            alive.update(one.recount())
            retries = [move for move, _ in one.moves() if move.new is TaskState.WAITING and move.not_before is not None]
            late = [move for move in retries if move.not_before is not None and move.not_before < now - _LATE]
            assert self.is_time_doubtful or not late, f"{late} are late"
        assert self.alive.keys() == alive

    def _note(self, kills: Iterable[Kill]) -> None:
        """Of attempts that run; what begins or ends in the same transaction may be killed in it as well."""
        for kill in kills:
            if self.alive.get(kill.attempt.task) == kill.attempt.number:
                self.killed[kill.attempt.task] = kill.reason

    def _hear(self, heard: Iterable[Heard]) -> None:
        for one in heard:
            assert one.number == self.last_event_number + 1, "a number was left out or used again"
            self.last_event_number = one.number

    def _end_run(self, end: RunEnded) -> None:
        open_run = self.runs.pop(end.run)
        assert open_run.open == 0, "a run ends with its last task"
        assert end.state is open_run.expected_end(), f"{end}, and it is {open_run.expected_end()}"
        self.backfills.end_run(open_run.run)
        self.ended.append(open_run)
        self.counts["runs"] += 1
