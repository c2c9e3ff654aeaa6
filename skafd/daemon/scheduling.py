"""What people ask and say about time: what is coming, pauses, backfills. Every method may be called from any thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from skafd import clock
from skafd.api.shapes import (
    BackfillInfo,
    BackfillRunInfo,
    Coming,
    JobOccasions,
    MissedInfo,
    ScheduleExplanation,
    ScheduleInfo,
)
from skafd.daemon.finding import find_job, find_project, live_deployment
from skafd.daemon.names import Names
from skafd.daemon.occasions import explanation, occasions_of
from skafd.daemon.orchestrator import Orchestrator
from skafd.daemon.present import run_name
from skafd.errors import Refused
from skafd.model.decisions import CancelRequested, Event
from skafd.model.ids import JobId, RunKey
from skafd.model.project import Job
from skafd.model.states import RunState
from skafd.schedule.explain import explain
from skafd.schedule.past import Parameters, past_occurrences
from skafd.store import Database, Purpose, Writer
from skafd.store.backfills import Backfill
from skafd.store.views import ProjectRow

MOST_LISTED = 1000
MOST_EXPLAINED = 1000
MOST_RUNS = 10_000
MOST_PARALLEL = 1000
_DAY_LENGTH = len("2026-03-01")


class Scheduling:
    """The part of the backend that concerns time."""

    _database: Database
    _orchestrator: Orchestrator

    def schedule(self, project: str | None, hours: float) -> ScheduleInfo:
        """What is due in the next hours and was missed in the last, of the machine or of a project."""
        now, span = clock.now(), timedelta(hours=min(max(hours, 0.0), 24.0 * 366))
        with self._database.reader() as reader:
            row = find_project(reader, project) if project else None
            names = Names(reader)
            missed = reader.missed_since(now - span, row.id if row else None, MOST_LISTED)
            paused = [(known, job) for known, job in reader.pauses() if row is None or known == row.id]
        memory = self._orchestrator.memory
        coming = self._orchestrator.mailbox.inquire(
            lambda: [
                (one, memory.agenda.is_paused(one.project, one.job))
                for one in memory.upcoming(MOST_LISTED + 1, now + span, row.id if row else None)
            ]
        ).result()
        return ScheduleInfo(
            hours=hours,
            coming=[
                Coming(names.project(one.project), names.job(one.project, one.job), one.instant.isoformat(), is_paused)
                for one, is_paused in coming[:MOST_LISTED]
            ],
            complete=len(coming) <= MOST_LISTED,
            missed=[
                MissedInfo(
                    names.project(one.project), names.job(one.project, one.job), one.instant.isoformat(), one.cause
                )
                for one in missed
            ],
            paused=[names.target(known, job) for known, job in paused],
        )

    def explain_schedule(self, expression: str, timezone: str, count: int) -> ScheduleExplanation:
        """The rule of an expression and its next times. Raises ScheduleError."""
        return explanation(explain(expression, timezone, clock.now(), min(max(count, 0), MOST_EXPLAINED)))

    def explain_jobs(self, project: str, job: str | None, count: int) -> list[JobOccasions]:
        """Raises NotFound, and Refused for a job that neither time nor an event sets off."""
        count = min(max(count, 0), MOST_EXPLAINED)
        with self._database.reader() as reader:
            row = find_project(reader, project)
            config = live_deployment(reader, row).config
            kept = reader.gathered(row.id)
            pauses = set(reader.pauses())
        jobs = [config.job(find_job(config, job))] if job else [one for one in config.jobs if one.has_occasions]
        if job and not jobs[0].has_occasions:
            raise _without_occasions(row, jobs[0])
        now = clock.now()
        return [
            occasions_of(row.slug, one, not pauses.isdisjoint({(row.id, None), (row.id, one.id)}), kept, now, count)
            for one in jobs
        ]

    def pause(self, project: str, job: str | None) -> None:
        """Raises NotFound, and Refused for a job that has no schedule."""
        row, found = self._find_scheduled(project, job)
        self._change_pauses(lambda writer: writer.pause(row.id, found, clock.now()))

    def resume(self, project: str, job: str | None) -> None:
        """Raises NotFound, and Refused where nothing is paused."""
        row, found = self._find_scheduled(project, job)
        self._change_pauses(lambda writer: writer.resume(row.id, found))

    def backfill(
        self, project: str, job: str, first: str, last: str, parallel: int, only: bool, dry_run: bool
    ) -> BackfillInfo:
        """Raises NotFound, and Refused where there is nothing to run, or too much."""
        if not 1 <= parallel <= MOST_PARALLEL:
            raise Refused(f"{parallel} runs at a time are not possible", f"it goes from 1 to {MOST_PARALLEL}")
        now = clock.now()
        with self._database.reader() as reader:
            row = find_project(reader, project)
            config = live_deployment(reader, row).config
            found = config.job(find_job(config, job))
            names = Names(reader)
        past = _past_occurrences(found, first, last, now)
        instants, parameters = tuple(past), {instant: given for instant, given in past.items() if given}
        asked = Backfill(0, row.id, row.slug, found.id, only, instants, parallel, now, None, instants, (), parameters)
        if dry_run:
            return replace(_info(asked, names), number=None)

        def prepare(writer: Writer) -> list[Event]:
            number = writer.add_backfill(asked)
            self._orchestrator.memory.backfilling.add(replace(asked, id=number))
            numbers.append(number)
            return []

        numbers: list[int] = []
        self._orchestrator.mailbox.put(prepare, Purpose.BACKFILL).result()
        return self.find_backfill(numbers[-1])

    def backfills(self) -> list[BackfillInfo]:
        """Newest first."""
        with self._database.reader() as reader:
            names = Names(reader)
            return [_info(one, names) for one in reader.backfills()]

    def find_backfill(self, number: int) -> BackfillInfo:
        """Raises NotFound."""
        with self._database.reader() as reader:
            return _info(reader.backfill(number), Names(reader))

    def cancel_backfill(self, number: int) -> BackfillInfo:
        """Ends what runs of it, too. Raises NotFound, and Refused where that was done before."""
        with self._database.reader() as reader:
            reader.backfill(number)

        def prepare(writer: Writer) -> list[Event]:
            writer.cancel_backfill(number, clock.now())
            self._orchestrator.memory.backfilling.drop(number)
            return []

        self._orchestrator.mailbox.put(prepare, Purpose.BACKFILL).result()
        # Only now: from here on no run of it begins.
        with self._database.reader() as reader:
            found = reader.backfill(number)
            runs = [RunKey(found.project, run.number) for run in found.runs if run.state is RunState.RUNNING]
            tasks = [task.key for run in runs for task in reader.run(run).tasks if not task.state.is_terminal]
        if tasks:
            request = CancelRequested(tuple(tasks), f"backfill {number} was cancelled")
            self._orchestrator.mailbox.put(lambda _: [request], Purpose.CANCEL_REQUEST).result()
        return self.find_backfill(number)

    def _find_scheduled(self, project: str, job: str | None) -> tuple[ProjectRow, JobId | None]:
        with self._database.reader() as reader:
            row = find_project(reader, project)
            if job is None:
                return row, None
            config = live_deployment(reader, row).config
        found = config.job(find_job(config, job))
        if not found.has_occasions:
            raise _without_occasions(row, found)
        return row, found.id

    def _change_pauses(self, change: Callable[[Writer], None]) -> None:
        def prepare(writer: Writer) -> list[Event]:
            change(writer)
            self._orchestrator.memory.pause(writer.pauses())
            return []

        self._orchestrator.mailbox.put(prepare, Purpose.PAUSE).result()


def _without_occasions(row: ProjectRow, job: Job) -> Refused:
    name = f"{row.slug}/{job.name.strip()}"
    return Refused(f"{name} has no schedule and waits for no event", "it runs when what it depends on has")


def _past_occurrences(job: Job, first: str, last: str, now: datetime) -> dict[datetime, Parameters]:
    if not job.schedules:
        raise Refused(f"{job.name.strip()} has no schedule", "only instants of a schedule can be run again")
    try:
        found = past_occurrences(job.schedules, first, last, now, MOST_RUNS + 1)
    except ValueError:
        raise Refused(
            f"{first} to {last} is no time span", "write days as 2026-03-01, times as 2026-03-01T06:00"
        ) from None
    if not found and last[:_DAY_LENGTH] < first[:_DAY_LENGTH]:
        raise Refused(f"{last} is before {first}", "the earlier one goes to --from")
    if not found:
        raise Refused(f"nothing was due from {first} to {last}")
    if len(found) > MOST_RUNS:
        raise Refused(f"that makes more than {MOST_RUNS} runs", "choose a shorter time span")
    return found


def _info(backfill: Backfill, names: Names) -> BackfillInfo:
    return BackfillInfo(
        number=backfill.id,
        project=backfill.slug,
        job=names.job(backfill.project, backfill.job),
        only=backfill.only,
        state=backfill.state.value,
        parallel=backfill.parallel,
        instants=[instant.isoformat() for instant in backfill.instants],
        runs=[
            BackfillRunInfo(run_name(backfill.slug, run.number), run.instant.isoformat(), run.state.value)
            for run in backfill.runs
        ],
        remaining=len(backfill.remaining),
    )
