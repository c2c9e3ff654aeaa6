"""The timetable: which jobs are due at which instants, for every project of the machine."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, count, islice, takewhile

from skafd.model.decisions import Missed
from skafd.model.ids import JobId, ProjectId
from skafd.model.missed import MissedCause
from skafd.model.project import Schedule
from skafd.model.records import record
from skafd.schedule.calendar import Spread, occurrences_of
from skafd.schedule.catch_up import Backlog, backlog, describe_earlier, split
from skafd.schedule.expression import Expression

_GRACE_SECONDS = 60.0
_AHEAD = timedelta(seconds=1)
"""Less than this is the time between two looks at the clock in one transaction."""


@record(frozen=True, slots=True)
class Due:
    """Jobs of one project that are due at one instant, and so share a run."""

    project: ProjectId
    instant: datetime
    jobs: tuple[JobId, ...]
    parameters: tuple[tuple[str, str], ...] = ()
    """Of the schedules that set it off; where two of them give the same one, the later schedule counts."""


@record(frozen=True, slots=True)
class PlannedUntil:
    """Every occurrence of the job up to and including `until` has been decided; the next `since` of it."""

    project: ProjectId
    job: JobId
    until: datetime


@record(frozen=True, slots=True)
class Plan:
    """What has become due, what was missed, and how far each job that is named in it is now planned."""

    due: tuple[Due, ...] = ()
    missed: tuple[Missed, ...] = ()
    planned_until: tuple[PlannedUntil, ...] = ()


IsLeftOut = Callable[[ProjectId, JobId], bool]
"""Whether the occurrences of a job do not count."""
_NOTHING = Plan()


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A job and an instant at which it will be due."""

    project: ProjectId
    job: JobId
    instant: datetime


@dataclass(slots=True, eq=False)
class _Line:
    """One schedule of one job, and the first of its instants that is not decided."""

    project: ProjectId
    job: JobId
    schedule: Schedule
    expression: Expression
    since: datetime
    next_at: datetime | None = None
    is_removed: bool = False

    def advance(self, since: datetime) -> None:
        self.since = since
        self.next_at = self.expression.next_after(since)

    def due_of(self, instant: datetime) -> datetime:
        """The occurrence that comes at `instant`: before it where jitter delays it."""
        return self.expression.due_of(instant) if isinstance(self.expression, Spread) else instant


class Timetable:
    """Holds every schedule in a heap by its next instant. Reads no clock: callers pass `now`."""

    def __init__(self) -> None:
        self._lines: dict[ProjectId, dict[JobId, tuple[_Line, ...]]] = {}
        self._heap: list[tuple[datetime, int, _Line]] = []
        self._serial = count()
        self._removed_in_heap = 0
        self._paused: frozenset[tuple[ProjectId, JobId | None]] = frozenset()

    def put(self, project: ProjectId, job: JobId, schedules: Iterable[Schedule], since: datetime) -> None:
        """Sets the schedules of a job; occurrences up to and including `since` are none of ours.

        `since` is the later of what `PlannedUntil` said last and the time at which these schedules went live.
        Raises ScheduleError.
        """
        lines = _make_lines(project, job, schedules, since)
        self._discard(self._lines.get(project, {}).pop(job, ()))
        self._lines.setdefault(project, {})[job] = lines
        for line in lines:
            self._push(line)

    def replace(self, project: ProjectId, jobs: Mapping[JobId, tuple[Iterable[Schedule], datetime]]) -> None:
        """Sets the schedules of all jobs of a project, each with its `since`, in place of those that it had.

        Whoever asks `next_of` meanwhile, in another thread, sees the old ones or the new. Raises ScheduleError, and
        then nothing has changed.
        """
        lines = {job: _make_lines(project, job, schedules, since) for job, (schedules, since) in jobs.items()}
        for old in self._lines.get(project, {}).values():
            self._discard(old)
        self._lines[project] = lines
        for line in chain.from_iterable(lines.values()):
            self._push(line)

    def remove(self, project: ProjectId) -> None:
        """Takes out every job of a project; one that is not there is no error."""
        for lines in self._lines.pop(project, {}).values():
            self._discard(lines)

    def pause(self, paused: Iterable[tuple[ProjectId, JobId | None]]) -> None:
        """Says which jobs are paused, or None for a whole project: their occurrences are missed until they are not."""
        self._paused = frozenset(paused)

    def is_paused(self, project: ProjectId, job: JobId) -> bool:
        """Whether the job, or its project, is paused."""
        return (project, None) in self._paused or (project, job) in self._paused

    def set_back(self, now: datetime) -> None:
        """Begins at `now` again with what is planned beyond it: the clock was set back.

        Occurrences may come again that were decided before.
        """
        ahead = [line for lines in self._lines.values() for line in chain(*lines.values()) if line.since - now > _AHEAD]
        for line in ahead:
            line.advance(now)
        if ahead:
            self._fill_heap()

    def next_at(self) -> datetime | None:
        """The earliest instant at which `due` will have something to say."""
        self._drop_removed_head()
        return self._heap[0][0] if self._heap else None

    def next_of(self, project: ProjectId, job: JobId) -> datetime | None:
        """The next instant of a job, over all of its schedules."""
        lines = self._lines.get(project, {}).get(job, ())
        return min((line.next_at for line in lines if line.next_at is not None), default=None)

    def due(self, now: datetime, cause: str = MissedCause.BUSY, grace_seconds: float = _GRACE_SECONDS) -> Plan:
        """Decides every occurrence up to `now`; those that catch-up gives up are missed for `cause`, paused ones all.

        With `catch_up: skip` an occurrence still runs when it is at most `grace_seconds` late.
        """
        passed_lines = self._take_passed(now)
        if not passed_lines:
            return _NOTHING
        decided = _Decided(now, cause, timedelta(seconds=grace_seconds))
        for first, line in passed_lines:
            following = line.expression.next_after(first)
            if following is None or following > now:
                passed = Backlog((first,))
                line.since, line.next_at = now, following
            else:
                passed = backlog(line.expression, line.since, now)
                line.advance(now)
            decided.add(line, passed, self.is_paused(line.project, line.job))
            self._push(line)
        return decided.plan()

    def upcoming(
        self,
        limit: int,
        until: datetime | None = None,
        project: ProjectId | None = None,
        is_left_out: IsLeftOut = lambda _project, _job: False,
    ) -> tuple[Occurrence, ...]:
        """The next `limit` occurrences of the machine or of a project, earliest first; none later than `until`."""
        future = self._future(project, is_left_out)
        if until is not None:
            future = takewhile(lambda occurrence: occurrence.instant <= until, future)
        return tuple(islice(future, limit))

    def _future(self, project: ProjectId | None, is_left_out: IsLeftOut) -> Iterator[Occurrence]:
        heap = [
            (at, serial, line, line.expression.after(at))
            for at, serial, line in self._heap
            if not line.is_removed and project in (None, line.project) and not is_left_out(line.project, line.job)
        ]
        heapq.heapify(heap)
        while heap:
            instant, serial, line, following = heap[0]
            yield Occurrence(line.project, line.job, instant)
            coming = next(following, None)
            if coming is None:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (coming, serial, line, following))

    def _take_passed(self, now: datetime) -> list[tuple[datetime, _Line]]:
        passed = []
        while (at := self.next_at()) is not None and at <= now:
            passed.append((at, heapq.heappop(self._heap)[2]))
        return passed

    def _push(self, line: _Line) -> None:
        if line.next_at is not None:
            heapq.heappush(self._heap, (line.next_at, next(self._serial), line))

    def _fill_heap(self) -> None:
        self._heap = []
        self._removed_in_heap = 0
        for lines in self._lines.values():
            for line in chain(*lines.values()):
                self._push(line)

    def _discard(self, lines: Sequence[_Line]) -> None:
        for line in lines:
            line.is_removed = True
            self._removed_in_heap += line.next_at is not None
        if self._removed_in_heap > len(self._heap) // 2:
            self._heap = [entry for entry in self._heap if not entry[2].is_removed]
            heapq.heapify(self._heap)
            self._removed_in_heap = 0

    def _drop_removed_head(self) -> None:
        while self._heap and self._heap[0][2].is_removed:
            heapq.heappop(self._heap)
            self._removed_in_heap -= 1


def _make_lines(project: ProjectId, job: JobId, schedules: Iterable[Schedule], since: datetime) -> tuple[_Line, ...]:
    lines = tuple(_Line(project, job, one, occurrences_of(one, project, job), since) for one in schedules)
    for line in lines:
        line.advance(since)
    return lines


class _Decided:
    """Gathers the occurrences of one call of `due` and groups them by project and instant."""

    def __init__(self, now: datetime, cause: str, grace: timedelta) -> None:
        self._now = now
        self._cause = cause
        self._grace = grace
        self._due: dict[tuple[datetime, ProjectId], dict[JobId, None]] = {}
        self._parameters: dict[tuple[datetime, ProjectId], dict[str, str]] = {}
        self._missed: dict[tuple[datetime, ProjectId, JobId], str] = {}
        self._jobs: dict[tuple[ProjectId, JobId], None] = {}

    def add(self, line: _Line, passed: Backlog, is_paused: bool) -> None:
        due, missed = split(passed.listed, line.schedule, self._now, self._grace)
        cause = MissedCause.PAUSED if is_paused else self._cause
        self._jobs[line.project, line.job] = None
        for instant in () if is_paused else due:
            key = line.due_of(instant), line.project
            self._due.setdefault(key, {})[line.job] = None
            self._parameters.setdefault(key, {}).update(line.schedule.parameters)
        for instant in passed.listed if is_paused else missed:
            self._missed[line.due_of(instant), line.project, line.job] = cause
        if passed.earlier:
            instant = line.due_of(passed.earlier[0])
            self._missed[instant, line.project, line.job] = describe_earlier(passed.earlier, cause)

    def plan(self) -> Plan:
        return Plan(
            due=tuple(
                Due(key[1], key[0], tuple(self._due[key]), tuple(self._parameters[key].items()))
                for key in sorted(self._due)
            ),
            missed=tuple(
                Missed(project, job, instant, self._missed[instant, project, job])
                for instant, project, job in sorted(self._missed)
                if job not in self._due.get((instant, project), {})
            ),
            planned_until=tuple(PlannedUntil(project, job, self._now) for project, job in self._jobs),
        )
