"""The timetable of the machine, and the alarm that rings when something in it is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from skafd.daemon.clocks import Clocks, Jump
from skafd.model.deployment import Deployment
from skafd.model.ids import JobId, ProjectId
from skafd.model.missed import MissedCause
from skafd.schedule.timetable import IsLeftOut, Occurrence, Plan, Timetable
from skafd.store.pauses import Pause

WasDecided = Callable[[ProjectId, JobId, datetime], bool]


class Agenda:
    """Owned by the orchestrator's thread; `next_of` alone may be asked from any."""

    def __init__(self, set_alarm: Callable[[datetime | None], None], clocks: Clocks | None = None) -> None:
        self._set_alarm = set_alarm
        self._timetable = Timetable()
        self._alarm_at: datetime | None = None
        self._clocks = clocks or Clocks()
        self._cause: str | None = MissedCause.DAEMON_DOWN
        self._may_be_ahead = True

    def restore(self, timetable: Timetable) -> None:
        """Takes a timetable that was rebuilt from the database."""
        self._timetable = timetable
        self._alarm_at = None
        self._may_be_ahead = True

    def look(self, now: datetime) -> Jump:
        """What has happened to the machine's clocks since the last plan that was written."""
        return self._clocks.look(now)

    def plan(self, now: datetime, jump: Jump, was_decided: WasDecided) -> Plan:
        """What has become due by `now`, and was not decided before."""
        if self._may_be_ahead or jump.was_set_back:
            self._may_be_ahead = False
            self._timetable.set_back(now)
        plan = self._timetable.due(now, self._cause or jump.cause)
        return _without_decided(plan, was_decided) if plan.due or plan.missed else plan

    def planned(self) -> None:
        """The first plan was written: whatever is late from here on is late for another reason."""
        self._cause = None
        self._clocks.mark()

    def failed(self, cause: MissedCause) -> None:
        """The plan could not be written: what comes late until one can be comes late for that."""
        self._cause = self._cause or cause

    def pause(self, paused: Iterable[Pause]) -> None:
        """Says what is paused from now on."""
        self._timetable.pause(paused)

    def is_paused(self, project: ProjectId, job: JobId) -> bool:
        """Whether the job, or its project, is paused. Callable from any thread."""
        return self._timetable.is_paused(project, job)

    def upcoming(
        self, limit: int, until: datetime, project: ProjectId | None, is_left_out: IsLeftOut
    ) -> tuple[Occurrence, ...]:
        """What is due next on the machine, or in a project."""
        return self._timetable.upcoming(limit, until, project, is_left_out)

    def replace(self, deployment: Deployment, since: Mapping[JobId, datetime]) -> None:
        """Puts a deployment's schedules in the place of its project's; or raises ScheduleError, and changes nothing."""
        scheduled = {job.id: (job.schedules, since[job.id]) for job in deployment.config.jobs if job.schedules}
        self._timetable.replace(deployment.project, scheduled)
        self._may_be_ahead = True

    def remove(self, project: ProjectId) -> None:
        """Takes out the schedules of a project."""
        self._timetable.remove(project)

    def next_of(self, project: ProjectId, job: JobId) -> datetime | None:
        """The next instant of a job. Callable from any thread."""
        return self._timetable.next_of(project, job)

    def next_at(self) -> datetime | None:
        """When something is due next."""
        return self._timetable.next_at()

    def rang(self) -> None:
        """The alarm is used up, whatever the clock says: it may have been set back meanwhile."""
        self._alarm_at = None

    def move_alarm(self, wake_at: datetime | None) -> None:
        """Sets the alarm to the earlier of `wake_at` and what is due next."""
        earliest = min((at for at in (wake_at, self.next_at()) if at is not None), default=None)
        if earliest != self._alarm_at:
            self._alarm_at = earliest
            self._set_alarm(earliest)


def _without_decided(plan: Plan, was_decided: WasDecided) -> Plan:
    """Without the occurrences that got their run, or their row.

    They come again when the clock was set back, whoever has been restarted since, and where a new jitter delays them.
    """
    if not any(was_decided(one.project, job, one.instant) for one in plan.due for job in one.jobs) and not any(
        was_decided(one.project, one.job, one.instant) for one in plan.missed
    ):
        return plan
    due = [
        replace(one, jobs=tuple(job for job in one.jobs if not was_decided(one.project, job, one.instant)))
        for one in plan.due
    ]
    missed = [one for one in plan.missed if not was_decided(one.project, one.job, one.instant)]
    return replace(plan, due=tuple(one for one in due if one.jobs), missed=tuple(missed))
