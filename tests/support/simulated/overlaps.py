"""Runs that a schedule or an event set off: how many of a job there may be at once, and which may go."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from skafd.model.ids import JobId, ProjectId, RunKey, TaskKey
from skafd.model.project import CatchUp, Job, Overlap
from skafd.model.run import CauseKind, Run
from tests.support.simulated.runs import StoredRun

_Place = tuple[ProjectId, JobId]


def policy_of(job: Job, run: Run) -> Overlap:
    """What the schedule, or the event, that set off a run says."""
    of_event = run.cause.kind is CauseKind.EVENT
    return job.triggers[0].overlap if of_event else job.schedules[0].overlap


@dataclass(slots=True)
class Overlaps:
    """Of each job the open runs that stand in its line, oldest first."""

    lines: dict[_Place, dict[RunKey, Overlap]] = field(default_factory=dict)

    def join(self, open_run: StoredRun) -> None:
        """A new run."""
        run = open_run.run
        for job, share in open_run.shares.items():
            if open_run.is_due(share.job) and policy_of(share.job, run) is not Overlap.ALLOW:
                self.lines.setdefault((run.key.project, job), {})[run.key] = policy_of(share.job, run)

    def check(self, open_run: StoredRun, runs: Mapping[RunKey, StoredRun], killed: Container[TaskKey]) -> None:
        """It is allowed to be there, with those of `runs` that are before it; `killed` were asked to end."""
        run = open_run.run
        for job, share in open_run.shares.items():
            line = list(self.lines.get((run.key.project, job), ()))
            if run.key not in line:
                continue
            before = line[: line.index(run.key)]
            policy = policy_of(share.job, run)
            if policy is Overlap.SKIP:
                assert not before, f"{job} of {run.key} was to be left out"
            elif policy is Overlap.QUEUE and run.cause.kind is CauseKind.SCHEDULE:
                most = 1000 if any(one.catch_up is CatchUp.ALL for one in share.job.schedules) else 1
                assert len(before) <= most, f"{job} of {run.key} is the third in line"
            elif policy is Overlap.CANCEL:
                for earlier in (runs[key] for key in before):
                    for task in earlier.of(job):
                        is_ending = task in killed or earlier.state_of(task).is_terminal
                        assert is_ending, f"{task} goes on, and {run.key} was to end it"

    def check_turn(self, open_run: StoredRun, job: Job) -> None:
        """One begins only when nobody is before it."""
        key = open_run.run.key
        line = self.lines.get((key.project, job.id))
        if line is not None and key in line:
            assert next(iter(line)) == key, f"{job.id} of {key} began before its turn"

    def leave(self, open_run: StoredRun, job: JobId) -> None:
        """All instances of a job have ended."""
        place = (open_run.run.key.project, job)
        line = self.lines.get(place)
        if line is not None and line.pop(open_run.run.key, None) is not None and not line:
            del self.lines[place]
