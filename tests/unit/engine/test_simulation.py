"""Random projects, random lives: whatever happens, in whatever order, these things stay true."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from skafd.model.decisions import (
    AttemptEnded,
    AttemptStarted,
    CancelRequested,
    Decisions,
    Event,
    ProjectForgotten,
    RunRequested,
    TimePassed,
)
from skafd.model.ids import AttemptKey, JobId
from skafd.model.limits import Capacity
from skafd.model.outcome import Cancelled, Exited, Lost, OomKilled, Outcome, TimedOut
from skafd.model.project import DependencyRule, Job, OnDeploy, Overlap, Project, Retry, UpdatePolicy
from skafd.model.run import Cause, CauseKind, Run, Task
from skafd.model.states import RunState, TaskState
from tests.support.world import CHURN, World, due_at, job, using

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
        capacity = Capacity(cpu=4, memory_bytes=8 * 2**30, gpu=1, tasks=self.random.randint(1, 6))
        self.world = World(*self._jobs(), capacity=capacity, deployed=True)
        self.launched: Counter[AttemptKey] = Counter(self.world.launched)
        self.ended: list[AttemptKey] = []

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
                retry=Retry(dice.choice((0, 0, 2)), dice.choice((0, 20)), 2),
                catch=dice.random() < 0.2,
                on_deploy=dice.choice(list(OnDeploy)),
            )
            for position, name in enumerate(names)
        ]

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
        return AttemptEnded(attempt, self.random.choice(OUTCOMES))

    def _stale(self) -> Event:
        return AttemptEnded(self.random.choice(self.ended), Exited(0))

    def _cancel(self) -> Event:
        tasks = self.world.engine.open_tasks(CHURN)
        return CancelRequested(tuple(self.random.sample(tasks, min(len(tasks), 2))), "somebody asked")

    def _restart(self) -> None:
        self.world.restart()
        decisions = self._send()
        assert all(move.old is TaskState.QUEUED or move.attempt for move in decisions.transitions), "only retries go"

    def _send(self, *events: Event) -> Decisions:
        decisions = self.world.send(*events, after_seconds=self.random.choice((1, 1, 5, 70)))
        self._check(decisions)
        return decisions

    def _come_to_an_end(self) -> None:
        """When all attempts have ended and nothing new comes, only what is due may wait for others' success."""
        wake_at = self._send().wake_at
        while wake_at is not None or self.world.engine.alive(CHURN):
            events = [self._end()] if self.world.engine.alive(CHURN) else []
            wake_at = self._send(*events).wake_at
        for run in self.world.engine.runs():
            assert self._waits_rightly(run)
        self._send(CancelRequested(self.world.engine.open_tasks(CHURN), "the end"))
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
        inside = [one for one in mine.dependencies if any(other.key.job == one for other in run.tasks)]
        passed = [self._has_passed(run, one) for one in inside]
        if mine.dependency_rule is DependencyRule.ALL:
            assert all(passed)
        elif inside and len(inside) == len(mine.dependencies):
            assert any(passed)

    def _has_passed(self, run: Run, dependency: JobId) -> bool:
        states = {task.state for task in run.tasks if task.key.job == dependency}
        caught = {TaskState.FAILED, TaskState.LOST, TaskState.TIMED_OUT, TaskState.OOM_KILLED}
        if self._config(run).job(dependency).catch and states & caught:
            return all(state.is_terminal for state in states)
        return states == {TaskState.SUCCEEDED}

    def _check_reservations(self) -> None:
        alive = [
            self._config(run).job(task.key.job).resources.limits
            for run in self.world.runs.values()
            for task in run.tasks
            if task.state.is_alive
        ]
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
        states = {(task.state, config.job(task.key.job).catch) for task in run.tasks}
        if any(state.is_failure and (not catch or state is TaskState.UPSTREAM_FAILED) for state, catch in states):
            return RunState.FAILED
        is_cancelled = any(state is TaskState.CANCELLED for state, _ in states)
        return RunState.CANCELLED if is_cancelled else RunState.SUCCEEDED

    def _config(self, run: Run) -> Project:
        return self.world.deployments[run.deployment].config

    def _is_due(self, run: Run, task: Task) -> bool:
        return run.cause.kind is CauseKind.SCHEDULE and bool(self._config(run).job(task.key.job).schedules)
