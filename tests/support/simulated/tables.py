"""What a database would hold, for a simulated machine."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from skafd.engine import Engine
from skafd.model.deployment import Deployment
from skafd.model.ids import JobId, ProjectId, RunKey, TaskKey
from skafd.model.project import Job
from skafd.model.run import JobHistory
from skafd.schedule.timetable import Timetable
from tests.support.simulated.backfills import Backfills
from tests.support.simulated.events import Events
from tests.support.simulated.machine import Machine
from tests.support.simulated.occurrences import Occurrences
from tests.support.simulated.overlaps import Overlaps
from tests.support.simulated.resumed import Resumed
from tests.support.simulated.runs import StoredRun

_MOST_ENDED = 10
Pause = tuple[ProjectId, JobId | None]


@dataclass(slots=True)
class History:
    """As JobHistory, to be changed."""

    last_started_at: datetime | None = None
    last_succeeded_at: datetime | None = None
    scheduled_runs: int = 0


@dataclass(slots=True)
class Tables:
    """All but the writing of it."""

    machine: Machine
    live: dict[ProjectId, Deployment] = field(default_factory=dict)
    deployments: dict[tuple[ProjectId, int], Deployment] = field(default_factory=dict)
    runs: dict[RunKey, StoredRun] = field(default_factory=dict)
    """Open ones."""
    ended: deque[StoredRun] = field(default_factory=lambda: deque(maxlen=_MOST_ENDED))
    histories: dict[tuple[ProjectId, JobId], History] = field(default_factory=dict)
    last_run_numbers: dict[ProjectId, int] = field(default_factory=dict)
    planned: dict[tuple[ProjectId, JobId], datetime] = field(default_factory=dict)
    paused: set[Pause] = field(default_factory=set)
    last_event_number: int = 0
    alive: dict[TaskKey, int] = field(default_factory=dict)
    """The number of the attempt of each task that has one."""
    killed: dict[TaskKey, str] = field(default_factory=dict)
    """Why the present attempt of a task was asked to end."""
    counts: Counter[str] = field(default_factory=Counter)
    asked: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """The parameters of runs that somebody asked for, by the detail of their cause."""
    clock_was_set: bool = False
    """Time may have been planned twice."""
    is_time_doubtful: bool = False
    """The clock was set while nobody was looking: nobody can say who has waited for how long."""
    events: Events = field(default_factory=Events)
    backfills: Backfills = field(default_factory=Backfills)
    occurrences: Occurrences = field(default_factory=Occurrences)
    overlaps: Overlaps = field(default_factory=Overlaps)
    resumed: Resumed = field(default_factory=Resumed)
    jobs: dict[tuple[ProjectId, int], dict[JobId, Job]] = field(default_factory=dict)
    deployed: dict[ProjectId, set[JobId]] = field(default_factory=dict)
    """Jobs that had a run because what is live went live."""

    def deploy(self, deployment: Deployment, now: datetime) -> dict[JobId, datetime]:
        """A deployment goes live, for the first time or again; returns since when each job is due by it."""
        project = deployment.project
        since = self._since(deployment, now)
        self.deployments[project, deployment.number] = self.live[project] = deployment
        self.jobs[project, deployment.number] = {job.id: job for job in deployment.config.jobs}
        for (owner, _), history in self.histories.items():
            if owner == project:
                history.scheduled_runs = 0
        for job in deployment.config.jobs:
            self.histories.setdefault((project, job.id), History())
        self.planned.update({(project, job): instant for job, instant in since.items()})
        self.deployed[project] = set()
        self.events.deploy(deployment)
        self.counts["deployments"] += 1
        return since

    def _since(self, deployment: Deployment, now: datetime) -> dict[JobId, datetime]:
        """As the daemon has it: what is new or has changed is due from now on, all else from where it was."""
        project, live = deployment.project, self.live.get(deployment.project)
        before = {job.id: job.schedules for job in live.config.jobs} if live else {}
        found = {}
        for job in deployment.config.jobs:
            known = self.planned.get((project, job.id))
            if known is not None and job.schedules and before.get(job.id) == job.schedules:
                found[job.id] = known
            else:
                found[job.id] = max(now, known or now)
        return found

    def forget(self, project: ProjectId) -> None:
        """A project is no longer deployed."""
        del self.live[project]
        self.deployed.pop(project, None)
        self.events.forget(project)
        self.counts["forgotten"] += 1

    def move_with_clock(self, stepped: timedelta, asleep: timedelta) -> None:
        """The clock was set: as the database moves what it has in instants."""
        self.clock_was_set = True
        for history in self.histories.values():
            history.last_started_at = history.last_started_at and history.last_started_at + stepped
            history.last_succeeded_at = history.last_succeeded_at and history.last_succeeded_at + stepped
        self.events.move(stepped)
        self.machine.move(lambda since: since + stepped)
        for run in self.runs.values():
            run.move_with_clock(stepped, asleep)

    def distrust_future(self, now: datetime) -> None:
        """Nothing has happened later than now: the clock was set back while nobody was looking."""
        for history in self.histories.values():
            history.last_started_at = history.last_started_at and min(history.last_started_at, now)
            history.last_succeeded_at = history.last_succeeded_at and min(history.last_succeeded_at, now)
        self.machine.move(lambda since: min(since, now))
        for run in self.runs.values():
            run.distrust_future(now)

    def job(self, task: TaskKey) -> Job:
        """The job of a task of an open run, on the deployment of the run."""
        return self.runs[task.run].shares[task.job].job

    def live_job(self, project: ProjectId, job: JobId) -> Job | None:
        """A job as it is live."""
        live = self.live.get(project)
        return self.jobs[project, live.number].get(job) if live else None

    def was_decided(self, project: ProjectId, job: JobId, instant: datetime) -> bool:
        """Whether an occurrence has its run or its row."""
        return (project, job, instant) in self.occurrences.decided

    def restore(self, engine: Engine) -> Timetable:
        """Fills a new engine, and makes another timetable."""
        histories: defaultdict[ProjectId, list[JobHistory]] = defaultdict(list)
        for (project, job), known in self.histories.items():
            history = JobHistory(job, known.last_started_at, known.last_succeeded_at, known.scheduled_runs)
            histories[project].append(history)
        runs = self.runs.items()
        engine.restore(
            live=self.live.values(),
            histories=histories,
            open_runs=[(one.whole(), self.deployments[key.project, one.run.deployment]) for key, one in runs],
            last_run_numbers=self.last_run_numbers,
            last_event_number=self.last_event_number,
            gathered=self.events.all_kept(),
            cancelling=self.killed,
            deployed_jobs=self.deployed,
        )
        engine.pause(self.paused)
        timetable = Timetable()
        for project, deployment in self.live.items():
            for scheduled in deployment.config.jobs:
                if scheduled.schedules:
                    since = self.planned[project, scheduled.id]
                    timetable.put(project, scheduled.id, scheduled.schedules, since)
        timetable.pause(self.paused)
        return timetable
