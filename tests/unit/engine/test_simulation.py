"""Random projects, random lives: whatever happens, in whatever order, these things stay true."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from skafd.engine.open_run import is_passed_over
from skafd.engine.timeouts import OVER_TIME
from skafd.model.decisions import (
    AttemptEnded,
    AttemptStarted,
    CancelRequested,
    Decisions,
    Event,
    ItemsFound,
    ItemsWanted,
    ProjectForgotten,
    RetryRequested,
    RunAgain,
    RunRequested,
    SkipRequested,
    TimePassed,
)
from skafd.model.ids import AttemptKey, JobId
from skafd.model.limits import Capacity
from skafd.model.outcome import Cancelled, Exited, Lost, OomKilled, Outcome, TimedOut
from skafd.model.project import DependencyRule, Foreach, Job, OnDeploy, Overlap, Project, Retry, UpdatePolicy
from skafd.model.run import Cause, CauseKind, Run, Task
from skafd.model.states import RunState, TaskState
from tests.support.world import CHURN, World, due_at, job, using

GROWTHS = (((TaskState.FAILED, TaskState.LOST),), ((TaskState.OOM_KILLED,), 1.5))
OUTPUTS = (None, None, "[]", '["a", "b", "c"]', "3")
SEEDS = 320
BATCHES = 8
STEPS = 50
OUTCOMES: tuple[Outcome, ...] = (
    *(Exited(0) for _ in range(6)),
    *(Exited(1) for _ in range(2)),
    Lost("gone"),
    TimedOut(1),
    OomKilled(1, 1),
    Cancelled("stopped"),
)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_what_is_always_true(batch: int) -> None:
    for seed in range(batch, SEEDS, BATCHES):
        try:
            Life(seed).live()
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


class Life:
    """One project from its first deployment until nothing of it is left to do."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        capacity = Capacity(4, 8 * 2**30, gpu=1, tasks=self.random.randint(1, 6), pools=(("licence", 2),))
        settings = {"timeout_seconds": self.random.choice((None, None, 300.0)), "pools": (("db", 1),)}
        self.world = World(*self._jobs(), capacity=capacity, deployed=True, settings=settings)
        self.launched: Counter[AttemptKey] = Counter(self.world.launched)
        self.ended: list[AttemptKey] = []
        self.wanted: list[ItemsWanted] = []

    def live(self) -> None:
        for _ in range(STEPS):
            self._step()
        self._come_to_an_end()

    # --- what happens -----------------------------------------------------------------------------------

    def _jobs(self) -> list[Job]:
        dice = self.random
        names = "abcdefg"[: dice.randint(1, 7)]
        return [
            job(
                name,
                *(other for other in names[:position] if dice.random() < 0.4),
                # A job's overlap must not differ between deployments, or nothing could be said of it.
                schedules=due_at(overlap=list(Overlap)[ord(name) % 4]) if dice.random() < 0.4 else (),
                dependency_rule=dice.choice(list(DependencyRule)),
                parallelism=dice.choice((1, 1, 1, 3)),
                max_runs=dice.choice((None, None, 2)),
                resources=using(dice.choice((None, 0.5, 3, 9)), dice.choice((None, "2", "7"))),
                retry=Retry(dice.choice((0, 0, 2)), dice.choice((0, 20)), 2, 5, *dice.choice(GROWTHS)),
                catch=dice.random() < 0.2,
                on_deploy=dice.choice(list(OnDeploy)),
                foreach=self._foreach(names[:position]),
                max_parallel=dice.choice((None, None, 1, 2)),
                need=dice.choice((1.0, 1.0, 0.5)),
                pools=dice.choice(((), (), ("db",), ("db", "licence"))),
                priority=dice.choice((0, 0, 5)),
                when=dice.choice(("", "", "", "cause == 1", *(f"jobs.{one}.state != 'failed'" for one in names[:1]))),
            )
            for position, name in enumerate(names)
        ] + [job(name, always=True, catch=dice.random() < 0.5) for name in "yz"[: dice.choice((0, 0, 1, 2))]]

    def _foreach(self, before: str) -> Foreach | None:
        kind = self.random.choice(("none", "none", "none", "list", "glob", "job"))
        if kind == "list":
            return Foreach(items=("a", "b", "c"))
        if kind == "glob":
            return Foreach(glob="*")
        return Foreach(job=JobId(self.random.choice(before))) if kind == "job" and before else None

    def _step(self) -> None:
        dice = self.random.random()
        if dice < 0.06:
            self._check(self.world.deploy(*self._jobs(), policy=self.random.choice(list(UpdatePolicy))))
        elif dice < 0.08:
            self.world.live = None
            self._send(ProjectForgotten(CHURN))
        elif dice < 0.16:
            self._restart()
        else:
            self._send(*(self._event() for _ in range(self.random.choice((1, 1, 1, 3)))))

    def _event(self) -> Event:
        choices: list[tuple[int, Callable[[], Event]]] = [(2, self._request), (3, self._fire), (1, TimePassed)]
        if self.world.engine.alive(CHURN):
            choices += [(3, self._start), (9, self._end)]
        if self.world.engine.open_tasks(CHURN):
            choices += [(1, self._cancel)]
            choices += [(1, self._skip), (1, self._retry_now)]
        if self.wanted:
            choices += [(6, self._find_items)]
        if any(run.state.is_terminal for run in self.world.runs.values()):
            choices += [(1, self._again)]
        if self.ended:
            choices += [(1, self._stale)]
        weights, events = zip(*choices, strict=True)
        return self.random.choices(events, weights)[0]()

    def _request(self) -> Event:
        jobs = tuple(JobId(name) for name in "abcdefg" if self.random.random() < 0.2)
        return RunRequested(CHURN, Cause(CauseKind.MANUAL), jobs, only=self.random.random() < 0.3)

    def _fire(self) -> Event:
        jobs = tuple(JobId(name) for name in "abcdefg" if self.random.random() < 0.5)
        return RunRequested(CHURN, Cause(CauseKind.SCHEDULE, self.world.now), jobs)

    def _start(self) -> Event:
        return AttemptStarted(self.random.choice(self.world.engine.alive(CHURN)))

    def _end(self) -> Event:
        attempt = self.random.choice(self.world.engine.alive(CHURN))
        self.ended.append(attempt)
        return AttemptEnded(attempt, self.random.choice(OUTCOMES), output=self.random.choice(OUTPUTS))

    def _skip(self) -> Event:
        return SkipRequested(self.random.choice(self.world.engine.open_tasks(CHURN)))

    def _retry_now(self) -> Event:
        return RetryRequested(self.random.choice(self.world.engine.open_tasks(CHURN)))

    def _find_items(self) -> Event:
        wanted = self.wanted.pop(self.random.randrange(len(self.wanted)))
        problem = self.random.choice(("", "", "", "the disk is gone"))
        found = tuple("abcd"[: self.random.choice((0, 1, 4))])
        return ItemsFound(wanted.run, wanted.job, () if problem else found, problem)

    def _again(self) -> Event:
        run = self.random.choice([run for run in self.world.runs.values() if run.state.is_terminal])
        number = self.random.choice((run.deployment, len(self.world.deployments)))
        tasks = () if self.random.random() < 0.5 else (self.random.choice(run.tasks).key,)
        return RunAgain(run, self.world.deployments[number], tasks)

    def _stale(self) -> Event:
        return AttemptEnded(self.random.choice(self.ended), Exited(0))

    def _cancel(self) -> Event:
        tasks = self.world.engine.open_tasks(CHURN)
        return CancelRequested(tuple(self.random.sample(tasks, min(len(tasks), 2))), "somebody asked")

    def _restart(self) -> None:
        self.world.restart()
        self.wanted.clear()
        decisions = self._send()
        moves = decisions.transitions
        if not any(OVER_TIME in move.reason for move in moves):
            assert all(move.old is TaskState.QUEUED or move.attempt for move in moves), moves

    def _send(self, *events: Event) -> Decisions:
        decisions = self.world.send(*events, after_seconds=self.random.choice((1, 1, 5, 70)))
        self._check(decisions)
        return decisions

    def _come_to_an_end(self) -> None:
        """When all attempts have ended and nothing new comes, only what is due may wait for others' success."""
        wake_at = self._send().wake_at
        while wake_at is not None or self.wanted or self.world.engine.alive(CHURN):
            events = [self._end()] if self.world.engine.alive(CHURN) else []
            events += [self._find_items()] if self.wanted else []
            wake_at = self._send(*events).wake_at
        for run in self.world.engine.runs():
            assert self._waits_rightly(run)
        for _ in "once for all", "and once for what runs at the end":
            self._send(CancelRequested(self.world.engine.open_tasks(CHURN), "the end"))
        while self.world.engine.alive(CHURN):
            self._send(self._end())
        assert self.world.engine.runs() == ()
        board = self.world.engine._board
        assert not (board.cancelling or board.lines._lines or board.admission._held or len(board.awaiting))
        assert all(run.state.is_terminal for run in self.world.runs.values())

    def _waits_rightly(self, run: Run) -> bool:
        """Whether a due task of it waits for success elsewhere, or behind an earlier run of which that is true."""
        due = [task for task in run.tasks if task.state is TaskState.WAITING and self._is_due(run, task)]
        return any(self._waits_for_others(run, task) or self._waits_for_its_turn(run, task) for task in due)

    def _waits_for_others(self, run: Run, task: Task) -> bool:
        started_at = self.world.histories[task.key.job].last_started_at
        in_run = {one.key.job for one in run.tasks}
        outside = [one for one in self._config(run).job(task.key.job).dependencies if one not in in_run]
        succeeded = [self.world.histories[one].last_succeeded_at for one in outside]
        return any(at is None or (started_at is not None and at <= started_at) for at in succeeded)

    def _waits_for_its_turn(self, run: Run, task: Task) -> bool:
        return list(Overlap)[ord(task.key.job) % 4] is not Overlap.ALLOW and any(
            self._waits_rightly(other)
            for other in self.world.engine.runs()
            for one in other.tasks
            if other.key < run.key and one.key.job == task.key.job and not one.state.is_terminal
        )

    # --- what is always true ----------------------------------------------------------------------------

    def _check(self, decisions: Decisions) -> None:
        self.wanted += decisions.wanted
        self._check_memory_is_as_written()
        self._check_attempts(decisions)
        self._check_reservations()
        self._check_overlap()
        self._check_ends(decisions)

    def _check_memory_is_as_written(self) -> None:
        written = [run for run in self.world.runs.values() if not run.state.is_terminal]
        assert list(self.world.engine.runs()) == written

    def _check_attempts(self, decisions: Decisions) -> None:
        for move in decisions.transitions:
            assert move.outcome is None or AttemptKey(move.task, move.attempt) in self.ended
        self.launched.update(decisions.launches)
        assert max(self.launched.values(), default=1) == 1, "an attempt is launched once"
        for attempt in decisions.launches:
            run = self.world.runs[attempt.task.run]
            task = next(task for task in run.tasks if task.key == attempt.task)
            assert (task.state, task.attempt) == (TaskState.STARTING, attempt.number)
            self._check_dependencies(run, task)

    def _check_dependencies(self, run: Run, task: Task) -> None:
        mine = self._config(run).job(task.key.job)
        if mine.always:
            others = [one for one in run.tasks if not self._config(run).job(one.key.job).always]
            assert all(one.state.is_terminal for one in others)
            return
        inside = [one for one in mine.dependencies if any(other.key.job == one for other in run.tasks)]
        passed = [self._has_passed(run, one) for one in inside]
        if mine.dependency_rule is DependencyRule.ALL:
            assert all(passed)
        elif inside and len(inside) == len(mine.dependencies):
            assert any(passed)

    def _has_passed(self, run: Run, dependency: JobId) -> bool:
        tasks = [task for task in run.tasks if task.key.job == dependency]
        states = {task.state for task in tasks}
        caught = {TaskState.FAILED, TaskState.LOST, TaskState.TIMED_OUT, TaskState.OOM_KILLED}
        if self._has_share(run, dependency):
            return True
        if self._config(run).job(dependency).catch and states & caught:
            return all(state.is_terminal for state in states)
        return False

    def _has_share(self, run: Run, name: JobId) -> bool:
        tasks = [task for task in run.tasks if task.key.job == name]
        passed = [task for task in tasks if task.state is TaskState.SUCCEEDED or is_passed_over(task)]
        return len(passed) >= self._config(run).job(name).need * len(tasks)

    def _check_reservations(self) -> None:
        tasks = [
            (self._config(run).job(task.key.job), task)
            for run in self.world.runs.values()
            for task in run.tasks
            if task.state.is_alive
        ]
        alive = [one.resources.limits for one, _ in tasks]
        for pool, places in (("db", 1), ("licence", 2)):
            assert sum(pool in one.pools for one, _ in tasks) <= places
        devices = [device for _, task in tasks for device in task.gpus]
        assert len(devices) == len(set(devices))
        active = Counter((task.key.run, one) for one, task in tasks if one.max_parallel)
        assert all(count <= (one.max_parallel or 0) for (_, one), count in active.items())
        capacity = self.world.capacity
        assert len(alive) <= capacity.tasks
        assert sum(min(one.cpu or 0, capacity.cpu) for one in alive) <= capacity.cpu
        assert sum(min(one.memory_bytes or 0, capacity.memory_bytes) for one in alive) <= capacity.memory_bytes

    def _check_overlap(self) -> None:
        running: Counter[JobId] = Counter()
        for run in self.world.runs.values():
            active = {task.key.job for task in run.tasks if task.state.is_alive and self._is_due(run, task)}
            running.update(one for one in active if list(Overlap)[ord(one) % 4] is not Overlap.ALLOW)
        assert max(running.values(), default=1) == 1

    def _check_ends(self, decisions: Decisions) -> None:
        for run in self.world.runs.values():
            assert run.state.is_terminal == all(task.state.is_terminal for task in run.tasks)
        for end in decisions.ended_runs:
            assert end.state is self._expected_end(self.world.runs[end.run])

    def _expected_end(self, run: Run) -> RunState:
        config = self._config(run)
        states = {
            (task.state, config.job(task.key.job).catch)
            for task in run.tasks
            if task.state is TaskState.CANCELLED or not self._has_share(run, task.key.job)
        }
        if any(task.state is TaskState.CANCELLED and OVER_TIME in task.reason for task in run.tasks):
            return RunState.FAILED
        if any(state.is_failure and (not catch or state is TaskState.UPSTREAM_FAILED) for state, catch in states):
            return RunState.FAILED
        is_cancelled = any(state is TaskState.CANCELLED for state, _ in states)
        return RunState.CANCELLED if is_cancelled else RunState.SUCCEEDED

    def _config(self, run: Run) -> Project:
        return self.world.deployments[run.deployment].config

    def _is_due(self, run: Run, task: Task) -> bool:
        return run.cause.kind is CauseKind.SCHEDULE and bool(self._config(run).job(task.key.job).schedules)
