"""What a database would hold, for a simulated machine, and what must be true of everything that is written to it.

What follows from earlier writes is counted as they come, so that each check costs no more than what is new.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from skafd.engine import Engine
from skafd.model.decisions import Decisions, Heard, Transition
from skafd.model.deployment import Deployment
from skafd.model.ids import JobId, ProjectId, RunKey, TaskKey
from skafd.model.project import DependencyRule, Job
from skafd.model.run import CauseKind, JobHistory, Run, Task
from skafd.model.states import RunState, TaskState, check_transition
from skafd.schedule.timetable import Due, Plan, Timetable

_CAUGHT = frozenset({TaskState.FAILED, TaskState.LOST, TaskState.TIMED_OUT, TaskState.OOM_KILLED})
Occurrence = tuple[ProjectId, JobId, datetime]


@dataclass(slots=True)
class Share:
    """How many tasks of one job in a run there are, and how they have ended."""

    job: Job
    tasks: int = 0
    succeeded: int = 0
    caught: int = 0
    """Ended in a way that `catch` forgives."""
    ended: int = 0

    @property
    def has_passed(self) -> bool:
        """Dependents may go on."""
        if self.succeeded == self.tasks:
            return True
        return self.job.catch and self.caught > 0 and self.ended == self.tasks


@dataclass(slots=True)
class StoredRun:
    """An open run: each task as it was at first, or its last move and when that was."""

    run: Run
    tasks: dict[TaskKey, Task | tuple[Transition, datetime]]
    shares: dict[JobId, Share]
    open: int
    has_culprit: bool = False
    """A task of it ended since another one had failed."""

    def state_of(self, key: TaskKey) -> TaskState:
        """The state of a task now."""
        known = self.tasks[key]
        return known.state if isinstance(known, Task) else known[0].new

    def whole(self) -> Run:
        """The run as it would be read."""
        return replace(self.run, tasks=tuple(map(_task, self.tasks.values())))


@dataclass(slots=True)
class History:
    """As JobHistory, to be changed."""

    last_started_at: datetime | None = None
    last_succeeded_at: datetime | None = None
    scheduled_runs: int = 0


@dataclass(slots=True)
class Store:
    """Fails as soon as something is written that must not be."""

    live: dict[ProjectId, Deployment] = field(default_factory=dict)
    deployments: dict[tuple[ProjectId, int], Deployment] = field(default_factory=dict)
    runs: dict[RunKey, StoredRun] = field(default_factory=dict)
    """Open ones."""
    histories: dict[tuple[ProjectId, JobId], History] = field(default_factory=dict)
    last_run_numbers: dict[ProjectId, int] = field(default_factory=dict)
    planned: dict[tuple[ProjectId, JobId], datetime] = field(default_factory=dict)
    last_event_number: int = 0
    alive: set[TaskKey] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    _jobs: dict[tuple[ProjectId, int], dict[JobId, Job]] = field(default_factory=dict)
    _attempts: dict[TaskKey, int] = field(default_factory=dict)
    """The number of the last attempt that began."""
    _occurrences: set[Occurrence] = field(default_factory=set)
    """Those that were decided."""

    def deploy(self, deployment: Deployment, now: datetime) -> None:
        """A deployment goes live."""
        project = deployment.project
        self.deployments[project, deployment.number] = self.live[project] = deployment
        self._jobs[project, deployment.number] = {job.id: job for job in deployment.config.jobs}
        for job in deployment.config.jobs:
            self.histories.setdefault((project, job.id), History()).scheduled_runs = 0
            self.planned[project, job.id] = now
        self.counts["deployments"] += 1

    def job(self, task: TaskKey) -> Job:
        """The job of a task of an open run, on the deployment of the run."""
        return self.runs[task.run].shares[task.job].job

    def write(self, plan: Plan, decisions: Decisions, now: datetime) -> None:
        """One transaction."""
        self._hear(decisions.heard)
        for run in decisions.new_runs:
            self._add_run(run)
        for move in decisions.transitions:
            self._move(move, now)
        if plan.due or decisions.missed:
            self._decide_occurrences(plan.due, decisions)
        for planned in plan.planned_until:
            assert planned.until >= self.planned[planned.project, planned.job], "time was planned twice"
            self.planned[planned.project, planned.job] = planned.until
        for unheeded in decisions.unheeded:
            assert unheeded.cause, "who lets an event pass says why"
        for end in decisions.ended_runs:
            run_that_ended = self.runs.pop(end.run)
            assert run_that_ended.open == 0, "a run ends with its last task"
            assert end.state is not RunState.SUCCEEDED or not run_that_ended.has_culprit
            self.counts["runs"] += 1

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
        )
        timetable = Timetable()
        for project, deployment in self.live.items():
            for scheduled in deployment.config.jobs:
                if scheduled.schedules:
                    since = self.planned[project, scheduled.id]
                    timetable.put(project, scheduled.id, scheduled.schedules, since)
        return timetable

    def check_launch(self, key: TaskKey) -> None:
        """Nothing begins before what it depends on."""
        open_run = self.runs.get(key.run)
        if open_run is None:
            return
        job, shares = open_run.shares[key.job].job, open_run.shares
        inside = [shares[one].has_passed for one in job.dependencies if one in shares]
        if job.dependency_rule is DependencyRule.ALL:
            assert all(inside), f"{key} began before its dependencies"
        elif inside and len(inside) == len(job.dependencies):
            assert any(inside), f"{key} began before any of its dependencies"

    def recount(self) -> None:
        """What is kept up to date is what it is by counting."""
        for one in self.runs.values():
            states = {key: one.state_of(key) for key in one.tasks}
            assert one.open == sum(not state.is_terminal for state in states.values())
            for job, share in one.shares.items():
                mine = [state for key, state in states.items() if key.job == job]
                assert share.tasks == len(mine)
                assert share.succeeded == mine.count(TaskState.SUCCEEDED)
                assert share.caught == sum(state in _CAUGHT for state in mine)
                assert share.ended == sum(state.is_terminal for state in mine)
        alive = {key for one in self.runs.values() for key in one.tasks if one.state_of(key).is_alive}
        assert self.alive == alive

    # --- what is written --------------------------------------------------------------------------------

    def _hear(self, heard: Iterable[Heard]) -> None:
        for one in heard:
            assert one.number == self.last_event_number + 1, "a number was left out or used again"
            self.last_event_number = one.number

    def _add_run(self, run: Run) -> None:
        assert run.key not in self.runs
        if run.cause.event is not None:
            assert run.cause.event.number <= self.last_event_number, "a run of an event that is not kept"
            assert len({*run.cause.event.chain}) == len(run.cause.event.chain), "a chain came round"
            self.counts["runs of events"] += run.cause.kind is CauseKind.EVENT
        jobs = self._jobs[run.key.project, run.deployment]
        shares: dict[JobId, Share] = {}
        for task in run.tasks:
            assert task.state is TaskState.WAITING, "what is new has not begun"
            shares.setdefault(task.key.job, Share(jobs[task.key.job])).tasks += 1
        self.runs[run.key] = StoredRun(run, {task.key: task for task in run.tasks}, shares, len(run.tasks))
        self.last_run_numbers[run.key.project] = run.key.number

    def _move(self, move: Transition, now: datetime) -> None:
        key, new = move.task, move.new
        open_run = self.runs[key.run]
        old = open_run.state_of(key)
        assert old is move.old, f"{move} from {old}"
        check_transition(old, new)
        open_run.tasks[key] = (move, now)
        if new is TaskState.STARTING:
            self._begin(move, now)
        if move.outcome is not None:
            assert key in self.alive, "an attempt ends once, after it began"
            self.alive.remove(key)
            self.counts["attempts"] += 1
        if new.is_terminal:
            self._end(open_run, move, now)

    def _begin(self, move: Transition, now: datetime) -> None:
        key = move.task
        assert key not in self.alive, "two attempts of one task are alive"
        assert move.attempt == self._attempts.get(key, 0) + 1, "an attempt begins once"
        self.alive.add(key)
        self._attempts[key] = move.attempt
        if move.attempt == 1:
            self.histories[key.run.project, key.job].last_started_at = now

    def _end(self, open_run: StoredRun, move: Transition, now: datetime) -> None:
        key, new = move.task, move.new
        share = open_run.shares[key.job]
        share.ended += 1
        open_run.open -= 1
        self.counts["tasks"] += 1
        self._attempts.pop(key, None)
        if new is TaskState.SUCCEEDED:
            share.succeeded += 1
            if share.succeeded == share.tasks:
                self.histories[key.run.project, key.job].last_succeeded_at = now
        elif new is TaskState.UPSTREAM_FAILED:
            open_run.has_culprit = True
        elif new in _CAUGHT:
            share.caught += 1

    # --- occurrences ------------------------------------------------------------------------------------

    def _decide_occurrences(self, due: tuple[Due, ...], decisions: Decisions) -> None:
        """Every due occurrence has a run or a row with a cause, unless its schedule is spent."""
        assert len(set(due)) == len(due)
        for one in decisions.missed:
            assert one.cause, "a missed occurrence says why"
            self._decide((one.project, one.job, one.instant))
        missed = {(one.project, one.job, one.instant) for one in decisions.missed}
        runs = {(run.key.project, run.cause.instant): run.key for run in decisions.new_runs if run.cause.instant}
        for one_due in due:
            run = runs.get((one_due.project, one_due.instant))
            in_run = self.runs[run].shares if run else {}
            for job in one_due.jobs:
                occurrence = (one_due.project, job, one_due.instant)
                if occurrence in missed:
                    continue
                if job in in_run:
                    self._decide(occurrence)
                    self.histories[one_due.project, job].scheduled_runs += 1
                else:
                    self._must_be_spent(one_due.project, job)

    def _decide(self, occurrence: Occurrence) -> None:
        assert occurrence not in self._occurrences, f"{occurrence} was decided twice"
        self._occurrences.add(occurrence)
        self.counts["occurrences"] += 1

    def _must_be_spent(self, project: ProjectId, job: JobId) -> None:
        most = self._jobs[project, self.live[project].number][job].max_runs
        done = self.histories[project, job].scheduled_runs
        assert most is not None, f"an occurrence of {job} became nothing"
        assert done >= most, f"an occurrence of {job} became nothing"


def _task(known: Task | tuple[Transition, datetime]) -> Task:
    if isinstance(known, Task):
        return known
    move, at = known
    return Task(move.task, move.new, move.reason, move.attempt, move.not_before, at)
