"""Occurrences: every instant at which a job was due has one run, or one row that says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from skafd.model.decisions import Decisions, Missed
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.missed import MissedCause
from skafd.model.project import Job, Schedule
from skafd.model.run import CauseKind
from skafd.schedule.calendar import Spread, occurrences_of
from skafd.schedule.timetable import Due, Plan, PlannedUntil

if TYPE_CHECKING:
    from tests.support.simulated.tables import Tables

Occurrence = tuple[ProjectId, JobId, datetime]
_LONGEST_LOOK = timedelta(days=3)
_LOOK_EVERY = 8


@dataclass(slots=True)
class Occurrences:
    """Which were decided."""

    decided: set[Occurrence] = field(default_factory=set)
    _looks: int = 0

    def decide(self, tables: Tables, plan: Plan, decisions: Decisions) -> None:
        """Each of the plan has a run, or a row with a cause, unless its schedule is spent; none had one before."""
        assert len(set(plan.due)) == len(plan.due)
        missed = {(one.project, one.job, one.instant) for one in decisions.missed}
        for one in decisions.missed:
            self._miss(tables, one)
        of_schedules = [run for run in decisions.new_runs if run.cause.kind is CauseKind.SCHEDULE]
        runs = {(run.key.project, run.cause.instant): run for run in of_schedules}
        assert len(runs) == len(of_schedules), "an instant of a project has one run"
        keys = {place: run.key for place, run in runs.items()}
        spent: set[tuple[ProjectId, JobId]] = set()
        for due in plan.due:
            run = runs.get((due.project, due.instant))
            assert run is None or dict(run.parameters) == dict(due.parameters), "it is given what its schedule says"
            self._follow(tables, due, keys, missed, spent)
        for planned in plan.planned_until:
            self._plan(tables, planned, spent)

    def _miss(self, tables: Tables, one: Missed) -> None:
        assert one.cause, "a missed occurrence says why"
        is_paused = bool({(one.project, None), (one.project, one.job)} & tables.paused)
        assert is_paused == one.cause.startswith(MissedCause.PAUSED), f"{one} and it is paused: {is_paused}"
        self._decide(tables, (one.project, one.job, one.instant))

    def _follow(
        self,
        tables: Tables,
        due: Due,
        keys: Mapping[tuple[ProjectId, datetime | None], RunKey],
        missed: set[Occurrence],
        spent: set[tuple[ProjectId, JobId]],
    ) -> None:
        run = keys.get((due.project, due.instant))
        in_run = tables.runs[run].shares if run else {}
        for job in due.jobs:
            occurrence = (due.project, job, due.instant)
            assert not {(due.project, None), (due.project, job)} & tables.paused, f"{occurrence} is due though paused"
            if occurrence in missed:
                continue
            if job in in_run:
                self._decide(tables, occurrence)
                tables.histories[due.project, job].scheduled_runs += 1
            else:
                self._must_be_spent(tables, due.project, job)
                spent.add((due.project, job))

    def _decide(self, tables: Tables, occurrence: Occurrence) -> None:
        assert occurrence not in self.decided, f"{occurrence} was decided twice"
        self.decided.add(occurrence)
        tables.counts["occurrences"] += 1

    def _must_be_spent(self, tables: Tables, project: ProjectId, job: JobId) -> None:
        known = tables.live_job(project, job)
        most = known.max_runs if known else None
        assert most is not None, f"an occurrence of {job} became nothing"
        assert tables.histories[project, job].scheduled_runs >= most, f"an occurrence of {job} became nothing"

    def _plan(self, tables: Tables, planned: PlannedUntil, spent: set[tuple[ProjectId, JobId]]) -> None:
        since = tables.planned[planned.project, planned.job]
        assert tables.clock_was_set or planned.until >= since, "time was planned twice"
        tables.planned[planned.project, planned.job] = planned.until
        self._looks += 1
        is_short = planned.until - since <= _LONGEST_LOOK
        if self._looks % _LOOK_EVERY or not is_short or (planned.project, planned.job) in spent or tables.clock_was_set:
            return
        job = tables.live_job(planned.project, planned.job)
        assert job is not None
        for schedule in job.schedules:
            for instant in _between(schedule, planned, since):
                self._must_be_decided(planned, job, instant)

    def _must_be_decided(self, planned: PlannedUntil, job: Job, instant: datetime) -> None:
        occurrence = (planned.project, planned.job, instant)
        assert occurrence in self.decided, f"{occurrence} of {job.schedules} was passed over"


def _between(schedule: Schedule, planned: PlannedUntil, since: datetime) -> list[datetime]:
    """The instants of a schedule that have come since then, counted one by one."""
    expression = occurrences_of(schedule, planned.project, planned.job)
    found: list[datetime] = []
    for come in expression.after(since):
        if come > planned.until:
            break
        found.append(expression.due_of(come) if isinstance(expression, Spread) else come)
    return found
