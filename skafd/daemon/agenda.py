"""The timetable of the machine, and the alarm that rings when something in it is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from skafd.model.deployment import Deployment
from skafd.model.ids import JobId, ProjectId
from skafd.schedule.timetable import Plan, Timetable


class Agenda:
    """Owned by the orchestrator's thread; `next_of` alone may be asked from any."""

    def __init__(self, set_alarm: Callable[[datetime | None], None]) -> None:
        self._set_alarm = set_alarm
        self._timetable = Timetable()
        self._alarm_at: datetime | None = None
        self._cause = "the daemon was down"

    def restore(self, timetable: Timetable) -> None:
        """Takes a timetable that was rebuilt from the database."""
        self._timetable = timetable
        self._alarm_at = None

    def plan(self, now: datetime) -> Plan:
        """What has become due by `now`."""
        return self._timetable.due(now, self._cause)

    def planned(self) -> None:
        """The first plan was written: whatever is late from here on is late for another reason."""
        self._cause = "skafd was busy, or the machine was asleep"

    def replace(self, deployment: Deployment, since: Mapping[JobId, datetime]) -> None:
        """Puts a deployment's schedules in the place of its project's; or raises ScheduleError, and changes nothing."""
        scheduled = {job.id: (job.schedules, since[job.id]) for job in deployment.config.jobs if job.schedules}
        self._timetable.replace(deployment.project, scheduled)

    def remove(self, project: ProjectId) -> None:
        """Takes out the schedules of a project."""
        self._timetable.remove(project)

    def next_of(self, project: ProjectId, job: JobId) -> datetime | None:
        """The next instant of a job. Callable from any thread."""
        return self._timetable.next_of(project, job)

    def rang(self) -> None:
        """The alarm is used up, whatever the clock says: it may have been set back meanwhile."""
        self._alarm_at = None

    def move_alarm(self, wake_at: datetime | None) -> None:
        """Sets the alarm to the earlier of `wake_at` and what is due next."""
        earliest = min((at for at in (wake_at, self._timetable.next_at()) if at is not None), default=None)
        if earliest != self._alarm_at:
            self._alarm_at = earliest
            self._set_alarm(earliest)
