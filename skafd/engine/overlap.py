"""What an occurrence does while an earlier one of the same job has not ended.

Scheduled runs of a job stand in a line, and only the first may start. `queue`: a new occurrence joins when at most one
is before it; where the job catches up with all that it missed, as many as are looked at one by one. `skip`: when none
is. `cancel`: those before it are ended, and it starts once they are gone. `allow`: it stands in no line. Where a job
has several schedules, the first says which.

Runs that events set off stand in the same line. With `queue` they all join it: an event has something to say that the
next one does not say again.
"""

from __future__ import annotations

from skafd.engine.open_run import OpenJob
from skafd.model.ids import JobId, ProjectId
from skafd.model.project import CatchUp, Job, Overlap
from skafd.model.run import CauseKind, EventCause
from skafd.schedule.catch_up import LISTED


class Lines:
    """For each job, its open scheduled runs, oldest first; all of a service, of which there is one at a time."""

    def __init__(self) -> None:
        self._lines: dict[tuple[ProjectId, JobId], dict[OpenJob, None]] = {}

    def join(self, open_job: OpenJob) -> None:
        """Puts a due job at the end of its line, unless it may overlap."""
        if open_job.job.is_service or (open_job.was_due and _policy(open_job) is not Overlap.ALLOW):
            self._lines.setdefault((open_job.project, open_job.job.id), {})[open_job] = None

    def leave(self, open_job: OpenJob) -> OpenJob | None:
        """Takes a job out; returns the one whose turn it is now."""
        line = self._lines.get((open_job.project, open_job.job.id))
        if line is None or open_job not in line:
            return None
        del line[open_job]
        if not line:
            del self._lines[open_job.project, open_job.job.id]
        return next(iter(line), None)

    def before(self, project: ProjectId, job: JobId) -> list[OpenJob]:
        """Those in line for a job, oldest first."""
        return list(self._lines.get((project, job), ()))

    def has_turn(self, open_job: OpenJob) -> bool:
        """Whether nobody is before it."""
        if not self._lines:
            return True
        line = self._lines.get((open_job.project, open_job.job.id))
        return line is None or open_job not in line or next(iter(line)) is open_job


def overlap_of(job: Job) -> Overlap:
    """The policy of a job that has a schedule."""
    return job.schedules[0].overlap


def overlap_of_event(job: Job, event: EventCause | None) -> Overlap:
    """The policy of the trigger that an event came by."""
    ours = [one for one in job.triggers if event is None or one.kind is event.kind]
    named = [one for one in ours if event is None or one.name == event.name]
    return (named or ours or job.triggers)[0].overlap


def refuse_event(job: Job, policy: Overlap, before: list[OpenJob]) -> str | None:
    """Why a job lets an event pass, None where it does not."""
    if before and policy is Overlap.SKIP:
        return f"overlap: '{job.name}' of run {before[0].run.key.number} has not ended"
    return None


def _policy(open_job: OpenJob) -> Overlap:
    if open_job.run.cause.kind is CauseKind.EVENT:
        return overlap_of_event(open_job.job, open_job.run.cause.event)
    return overlap_of(open_job.job)


def _most_before(job: Job) -> int:
    catches_up = any(schedule.catch_up is CatchUp.ALL for schedule in job.schedules)
    return LISTED if catches_up else 1


def refuse_overlap(job: Job, before: list[OpenJob]) -> str | None:
    """Why a new occurrence of the job is missed, None where it is not."""
    policy = overlap_of(job)
    if before and policy is Overlap.SKIP:
        return f"overlap: '{job.name}' of run {before[0].run.key.number} has not ended"
    if len(before) > _most_before(job) and policy is Overlap.QUEUE:
        return f"overlap: run {before[-1].run.key.number} already waits for run {before[0].run.key.number} to end"
    return None
