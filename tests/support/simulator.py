"""A machine in a virtual time: projects of random shape live through months of schedules, failures, crashes,
redeployments and cancellations. After every event it is checked what must always be true.

Everything comes from one seed. The store is a few dictionaries; a crash throws the engine and the timetable away and
builds others from these, either before what was decided is written or after.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import NamedTuple

from skafd.daemon.restoring import requests_of
from skafd.engine import Engine
from skafd.model.decisions import (
    AttemptEnded,
    AttemptStarted,
    CancelRequested,
    Decisions,
    Deployed,
    Event,
    Happened,
    Heard,
    RoomChanged,
    RunRequested,
    TimePassed,
    Transition,
)
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, DeploymentNumber, JobId, ProjectId, RunKey, TaskKey
from skafd.model.limits import Capacity, Limits, Resources
from skafd.model.outcome import Cancelled, Exited, Lost, OomKilled, Outcome, TimedOut
from skafd.model.project import (
    CatchUp,
    DependencyRule,
    Generation,
    Job,
    OnDeploy,
    Overlap,
    Project,
    Retry,
    Schedule,
    Trigger,
    TriggerKind,
    UpdatePolicy,
)
from skafd.model.run import Cause, CauseKind, JobHistory, Run, Task
from skafd.model.states import RunState, TaskState, check_transition
from skafd.schedule.timetable import Plan, Timetable

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
RECOUNT_TURNS = 64
SCHEDULES = ("0 11 * * *", "30 2 * * *", "*/30 * * * *", "@hourly", "0 6 * * 1-5", "every 4 hours", "0 0 1 * *")
EVENTS = ("ready", "closed", "nobody")
WAITED_FOR = (
    *((TriggerKind.EVENT, name) for name in EVENTS[:2]),
    *((TriggerKind.PROJECT, name) for name in ("p0", "p1/j0", "p2/j1", "p0/j2")),
)
"""Events that projects wait for, each other's success among them: they may well wait in a circle."""
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
OUTCOMES: tuple[Outcome, ...] = (
    *(Exited(0) for _ in range(12)),
    *(Exited(1) for _ in range(2)),
    Lost("gone"),
    TimedOut(1),
    OomKilled(1, 1),
    Cancelled("stopped"),
)


class Held(NamedTuple):
    """What an attempt reserves of the machine, at most all of it."""

    millicores: int
    memory_bytes: int


@dataclass(slots=True)
class Stored:
    """What a database would hold."""

    live: dict[ProjectId, Deployment] = field(default_factory=dict)
    deployments: dict[tuple[ProjectId, int], Deployment] = field(default_factory=dict)
    open_runs: dict[RunKey, Run] = field(default_factory=dict)
    tasks: dict[RunKey, dict[TaskKey, Task]] = field(default_factory=dict)
    """Of open runs."""
    histories: dict[tuple[ProjectId, JobId], JobHistory] = field(default_factory=dict)
    last_run_numbers: dict[ProjectId, int] = field(default_factory=dict)
    planned: dict[tuple[ProjectId, JobId], datetime] = field(default_factory=dict)
    heard: dict[int, Heard] = field(default_factory=dict)
    occurrences: set[tuple[ProjectId, JobId, datetime]] = field(default_factory=set)


class Simulator:
    """One machine."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = BEGIN
        self.task_ends = 0
        self.counts: Counter[str] = Counter()
        self._capacity = Capacity(4, 8 * 2**30, 0, self.dice.randint(2, 8))
        self._stored = Stored()
        self._engine = Engine(self._capacity)
        self._timetable = Timetable()
        self._wake_at: datetime | None = None
        self._serial = count()
        self._coming: list[tuple[datetime, int, Event]] = []
        self._alive: dict[AttemptKey, Held] = {}
        self._alive_tasks: set[TaskKey] = set()
        self._used = Held(0, 0)
        """The sum of what is alive, kept up to date; counted anew now and then."""
        self._jobs_of: dict[tuple[ProjectId, int], dict[JobId, Job]] = {}
        self._turns = 0
        self._shortage = ""
        self._knows_room = True
        self._ended: set[AttemptKey] = set()
        for number in range(self.dice.randint(1, 3)):
            self._deploy(ProjectId(f"p{number}"))

    def live_until(self, task_ends: int) -> None:
        """Lets time pass until so many attempts have ended, or there is nothing that could happen any more."""
        while self.task_ends < task_ends and self._step():
            pass

    # --- what happens -----------------------------------------------------------------------------------

    def _step(self) -> bool:
        dice = self.dice.random()
        if dice < 0.1 and self._shortage:
            self._change_room()
        elif dice < 0.01:
            self._deploy(self.dice.choice(list(self._stored.live)))
        elif dice < 0.02:
            self._cancel()
        elif dice < 0.03:
            self._send(self._manual())
        elif dice < 0.035:
            self._send(Happened(TriggerKind.EVENT, self.dice.choice(EVENTS)))
        elif dice < 0.037:
            self._change_room()
        elif dice < 0.04:
            self._crash()
            self._sleep()
            self._send(TimePassed())
        else:
            return self._next()
        return True

    def _next(self) -> bool:
        """The earliest of what comes: an attempt that starts or ends, a schedule, a retry."""
        instants = [at for at in (self._timetable.next_at(), self._wake_at) if at is not None]
        if self._coming:
            instants.append(self._coming[0][0])
        if not instants:
            return False
        self.now = max(self.now, min(instants))
        events: list[Event] = []
        while self._coming and self._coming[0][0] <= self.now:
            events.append(heapq.heappop(self._coming)[2])
        self._send(*(events or [TimePassed()]))
        return True

    def _change_room(self) -> None:
        """The disk is full, or no longer."""
        self._shortage = "" if self._shortage else "room"
        self._send(RoomChanged(self._shortage))

    def _sleep(self) -> None:
        """Nobody is there for a while; attempts go on."""
        self.now += timedelta(seconds=self.dice.choice((1, 60, 7200, 200_000)))

    def _manual(self) -> Event:
        project = self.dice.choice(list(self._stored.live))
        jobs = [job.id for job in self._stored.live[project].config.jobs if self.dice.random() < 0.3]
        return RunRequested(project, Cause(CauseKind.MANUAL), tuple(jobs), only=self.dice.random() < 0.3)

    def _cancel(self) -> None:
        if self._stored.tasks:
            tasks = self._stored.tasks[self.dice.choice(list(self._stored.tasks))]
            self._send(CancelRequested(tuple(self.dice.sample(list(tasks), min(2, len(tasks)))), "somebody asked"))

    def _deploy(self, project: ProjectId) -> None:
        number = 1 + max((known for name, known in self._stored.deployments if name == project), default=0)
        policy = self.dice.choice(list(UpdatePolicy))
        config = Project(project, Generation.JOBS, tuple(self._jobs()), update_policy=policy)
        deployment = Deployment(project, DeploymentNumber(number), str(number), config, "", self.now, slug=project)
        self._stored.deployments[project, number] = deployment
        self._jobs_of[project, number] = {job.id: job for job in config.jobs}
        self._stored.live[project] = deployment
        for job in config.jobs:
            history = self._stored.histories.get((project, job.id)) or JobHistory(job.id)
            self._stored.histories[project, job.id] = replace(history, scheduled_runs=0)
            self._stored.planned[project, job.id] = self.now
        scheduled = {job.id: (job.schedules, self.now) for job in config.jobs if job.schedules}
        self._timetable.replace(project, scheduled)
        self.counts["deployments"] += 1
        self._send(Deployed(deployment))

    def _jobs(self) -> list[Job]:
        dice = self.dice
        names = [JobId(f"j{number}") for number in range(dice.randint(1, 8))]
        return [
            Job(
                name,
                name,
                "it.py",
                schedules=self._schedules() if dice.random() < 0.4 else (),
                triggers=self._triggers() if dice.random() < 0.15 else (),
                dependencies=tuple(other for other in names[:position] if dice.random() < 0.3),
                dependency_rule=dice.choice(list(DependencyRule)),
                parallelism=dice.choice((1, 1, 1, 3)),
                max_runs=dice.choice((None, None, None, 20)),
                resources=Resources(
                    limits=Limits(dice.choice((None, 0.5, 3, 9)), dice.choice((None, 2**31, 7 * 2**30)))
                ),
                retry=Retry(dice.choice((0, 0, 2)), dice.choice((0, 20)), 2),
                catch=dice.random() < 0.2,
                on_deploy=dice.choice(list(OnDeploy)),
            )
            for position, name in enumerate(names)
        ]

    def _schedules(self) -> tuple[Schedule, ...]:
        dice = self.dice
        within = dice.choice((None, 3600.0))
        catch_up, overlap = dice.choice(list(CatchUp)), dice.choice((Overlap.QUEUE, Overlap.SKIP, Overlap.CANCEL))
        return (Schedule(dice.choice(SCHEDULES), dice.choice(ZONES), catch_up, within, overlap),)

    def _triggers(self) -> tuple[Trigger, ...]:
        overlaps = (Overlap.QUEUE, Overlap.SKIP, Overlap.CANCEL)
        names = self.dice.sample(WAITED_FOR, self.dice.randint(1, 2))
        return tuple(Trigger(kind, name, overlap=self.dice.choice(overlaps)) for kind, name in names)

    # --- the turn, as the orchestrator takes it -------------------------------------------------------------

    def _send(self, *events: Event) -> None:
        """Decides, sometimes dies before it is written, writes, and acts."""
        plan, decisions = self._decide(events)
        if self.dice.random() < 0.005:
            self._crash()
            plan, decisions = self._decide(events)
        self._write(plan, decisions)
        self._check(plan, decisions)
        self._act(decisions)

    def _decide(self, events: Sequence[Event]) -> tuple[Plan, Decisions]:
        plan = self._timetable.due(self.now, "nobody was there")
        told = () if self._knows_room else (RoomChanged(self._shortage),)
        self._knows_room = True
        decisions = self._engine.handle([*told, *requests_of(plan), *events], self.now)
        if plan.missed:
            decisions = replace(decisions, missed=plan.missed + decisions.missed)
        return plan, decisions

    def _crash(self) -> None:
        self.counts["crashes"] += 1
        stored = self._stored
        histories: defaultdict[ProjectId, list[JobHistory]] = defaultdict(list)
        for (project, _), history in stored.histories.items():
            histories[project].append(history)
        runs = [
            (replace(run, tasks=tuple(stored.tasks[key].values())), stored.deployments[key.project, run.deployment])
            for key, run in stored.open_runs.items()
        ]
        self._engine = Engine(self._capacity)
        self._knows_room = False
        self._engine.restore(
            live=stored.live.values(),
            histories=histories,
            open_runs=runs,
            last_run_numbers=stored.last_run_numbers,
            last_event_number=max(stored.heard, default=0),
        )
        self._timetable = Timetable()
        for project, deployment in stored.live.items():
            for job in deployment.config.jobs:
                if job.schedules:
                    self._timetable.put(project, job.id, job.schedules, stored.planned[project, job.id])

    def _act(self, decisions: Decisions) -> None:
        self._wake_at = decisions.wake_at
        for attempt in decisions.launches:
            self._come(self.dice.uniform(0, 2), AttemptStarted(attempt))
            self._come(self.dice.expovariate(1 / 600), AttemptEnded(attempt, self.dice.choice(OUTCOMES)))
        for kill in decisions.kills:
            self._come(self.dice.uniform(0, 12), AttemptEnded(kill.attempt, Cancelled(kill.reason)))

    def _come(self, seconds: float, event: Event) -> None:
        heapq.heappush(self._coming, (self.now + timedelta(seconds=seconds), next(self._serial), event))

    # --- the store --------------------------------------------------------------------------------------

    def _write(self, plan: Plan, decisions: Decisions) -> None:
        self._hear(decisions)
        for run in decisions.new_runs:
            assert run.key not in self._stored.open_runs
            self._stored.open_runs[run.key] = run
            self._stored.tasks[run.key] = {task.key: task for task in run.tasks}
            self._stored.last_run_numbers[run.key.project] = run.key.number
        for move in decisions.transitions:
            self._move(move)
        for missed in decisions.missed:
            self._decided((missed.project, missed.job, missed.instant))
        self._fire(plan, decisions)
        for planned in plan.planned_until:
            assert planned.until >= self._stored.planned[planned.project, planned.job], "time was planned twice"
            self._stored.planned[planned.project, planned.job] = planned.until
        for end in decisions.ended_runs:
            states = {task.state for task in self._stored.tasks.pop(end.run).values()}
            assert all(state.is_terminal for state in states), "a run ends with its last task"
            assert end.state is not RunState.SUCCEEDED or TaskState.UPSTREAM_FAILED not in states
            del self._stored.open_runs[end.run]
            self.counts["runs"] += 1

    def _hear(self, decisions: Decisions) -> None:
        """Each run that an event set off names one that is kept; no job sets itself off again."""
        for heard in decisions.heard:
            assert heard.number == max(self._stored.heard, default=0) + 1, "a number was left out or used again"
            self._stored.heard[heard.number] = heard
        for run in decisions.new_runs:
            if run.cause.event is not None:
                assert run.cause.event.number in self._stored.heard, "a run of an event that is not kept"
                assert len({*run.cause.event.chain}) == len(run.cause.event.chain), "a chain came round"
                self.counts["runs of events"] += run.cause.kind is CauseKind.EVENT
        for one in decisions.unheeded:
            assert one.cause, "who lets an event pass says why"

    def _move(self, move: Transition) -> None:
        tasks = self._stored.tasks[move.task.run]
        old = tasks[move.task]
        assert old.state is move.old, f"{move} from {old}"
        check_transition(move.old, move.new)
        tasks[move.task] = Task(old.key, move.new, move.reason, move.attempt, move.not_before, self.now)
        attempt = AttemptKey(move.task, move.attempt)
        if move.new is TaskState.STARTING:
            assert attempt not in self._ended, "an attempt begins once"
            assert move.task not in self._alive_tasks, "two attempts of one task are alive"
            self._hold(attempt, self._job(move.task).resources.limits)
        if move.outcome is not None:
            assert attempt in self._alive, "an attempt ends once, after it began"
            self._let_go(attempt)
            self._ended.add(attempt)
            self.task_ends += 1
        self._note_history(move, tasks)

    def _hold(self, attempt: AttemptKey, limits: Limits) -> None:
        millicores = round(min(limits.cpu or 0, self._capacity.cpu) * 1000)
        held = Held(millicores, min(limits.memory_bytes or 0, self._capacity.memory_bytes))
        self._alive[attempt] = held
        self._alive_tasks.add(attempt.task)
        self._used = Held(self._used[0] + held[0], self._used[1] + held[1])

    def _let_go(self, attempt: AttemptKey) -> None:
        held = self._alive.pop(attempt)
        self._alive_tasks.remove(attempt.task)
        self._used = Held(self._used[0] - held[0], self._used[1] - held[1])

    def _note_history(self, move: Transition, tasks: dict[TaskKey, Task]) -> None:
        key = (move.task.run.project, move.task.job)
        if move.new is TaskState.STARTING and move.attempt == 1:
            self._stored.histories[key] = replace(self._stored.histories[key], last_started_at=self.now)
        if move.new is not TaskState.SUCCEEDED:
            return
        if all(task.state is TaskState.SUCCEEDED for task in tasks.values() if task.key.job == move.task.job):
            self._stored.histories[key] = replace(self._stored.histories[key], last_succeeded_at=self.now)

    def _fire(self, plan: Plan, decisions: Decisions) -> None:
        """Every due occurrence has a run or a row with a cause, unless its schedule is spent."""
        if not (plan.due or decisions.missed):
            return
        missed = {(one.project, one.job, one.instant) for one in decisions.missed}
        assert all(one.cause for one in decisions.missed), "a missed occurrence says why"
        runs = {(run.key.project, run.cause.instant): run for run in decisions.new_runs if run.cause.instant}
        for due in plan.due:
            run = runs.get((due.project, due.instant))
            in_run = {task.key.job for task in run.tasks} if run else set()
            for job in due.jobs:
                occurrence = (due.project, job, due.instant)
                if occurrence in missed:
                    continue
                if job in in_run:
                    self._decided(occurrence)
                    history = self._stored.histories[due.project, job]
                    history = replace(history, scheduled_runs=history.scheduled_runs + 1)
                    self._stored.histories[due.project, job] = history
                else:
                    self._must_be_spent(due.project, job)

    def _decided(self, occurrence: tuple[ProjectId, JobId, datetime]) -> None:
        assert occurrence not in self._stored.occurrences, f"{occurrence} was decided twice"
        self._stored.occurrences.add(occurrence)
        self.counts["occurrences"] += 1

    def _must_be_spent(self, project: ProjectId, job: JobId) -> None:
        most = self._jobs_of[project, self._stored.live[project].number][job].max_runs
        done = self._stored.histories[project, job].scheduled_runs
        assert most is not None, f"an occurrence of {job} became nothing"
        assert done >= most, f"an occurrence of {job} became nothing"

    def _job(self, task: TaskKey) -> Job:
        run = self._stored.open_runs[task.run]
        return self._jobs_of[task.run.project, run.deployment][task.job]

    # --- what is always true ----------------------------------------------------------------------------

    def _check(self, plan: Plan, decisions: Decisions) -> None:
        self._check_room()
        assert not (decisions.launches and self._shortage), "something began though there is no room"
        for attempt in decisions.launches:
            self._check_dependencies(attempt.task)
        assert len(set(plan.due)) == len(plan.due)
        self._turns += 1
        if self._turns % RECOUNT_TURNS == 0:
            self._recount()

    def _check_room(self) -> None:
        assert len(self._alive) <= self._capacity.tasks
        assert self._used.millicores <= self._capacity.cpu * 1000
        assert self._used.memory_bytes <= self._capacity.memory_bytes

    def _recount(self) -> None:
        """What is checked by sums that are kept up to date is what it is by counting."""
        assert self._alive_tasks == {attempt.task for attempt in self._alive}
        assert len(self._alive_tasks) == len(self._alive), "two attempts of one task are alive"
        assert self._used == Held(
            sum(one.millicores for one in self._alive.values()), sum(one.memory_bytes for one in self._alive.values())
        )

    def _check_dependencies(self, key: TaskKey) -> None:
        tasks = self._stored.tasks.get(key.run)
        if tasks is None:
            return
        mine = self._job(key)
        in_run = {task.job for task in tasks}
        inside = [one for one in mine.dependencies if one in in_run]
        passed = [self._has_passed(key.run, one, tasks) for one in inside]
        if mine.dependency_rule is DependencyRule.ALL:
            assert all(passed), f"{key} began before its dependencies"
        elif inside and len(inside) == len(mine.dependencies):
            assert any(passed), f"{key} began before any of its dependencies"

    def _has_passed(self, run: RunKey, job: JobId, tasks: dict[TaskKey, Task]) -> bool:
        states = {task.state for task in tasks.values() if task.key.job == job}
        if states == {TaskState.SUCCEEDED}:
            return True
        caught = {TaskState.FAILED, TaskState.LOST, TaskState.TIMED_OUT, TaskState.OOM_KILLED}
        catches = self._job(TaskKey(run, job, 0)).catch
        return catches and bool(states & caught) and all(state.is_terminal for state in states)
