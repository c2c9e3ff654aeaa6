"""An engine with a store made of dicts: it applies decisions as the database does, and refuses what that refuses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from skafd.engine import Engine
from skafd.model.decisions import (
    Added,
    AttemptEnded,
    AttemptStarted,
    CancelRequested,
    ClockJumped,
    Decisions,
    Deployed,
    Event,
    Expanded,
    Gathered,
    Happened,
    Heard,
    Missed,
    RunAgain,
    RunRequested,
    TimePassed,
    Transition,
    Unheeded,
)
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, DeploymentNumber, JobId, ProjectId, RunKey, TaskKey
from skafd.model.limits import Capacity, Limits, Resources
from skafd.model.outcome import Exited, Outcome
from skafd.model.project import Generation, Job, Overlap, Project, Schedule, Trigger, TriggerKind, UpdatePolicy
from skafd.model.run import Cause, CauseKind, JobHistory, Run, Task
from skafd.model.states import RunState, TaskState, check_transition

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
CHURN = ProjectId("churn")
ROOMY = Capacity(cpu=64, memory_bytes=64 * 2**30, gpu=8)
OK, BAD = Exited(0), Exited(1)


def job(name: str, *dependencies: str, **more: object) -> Job:
    """A job called `name`, which is also its id."""
    return replace(
        Job(JobId(name), name, f"{name}.py", dependencies=tuple(JobId(one) for one in dependencies)),
        **more,  # type: ignore[arg-type]
    )


def due_at(expression: str = "0 11 * * *", overlap: Overlap = Overlap.QUEUE) -> tuple[Schedule, ...]:
    """The schedules of a job that has one."""
    return (Schedule(expression, overlap=overlap),)


def waiting_for(name: str = "ready", kind: TriggerKind = TriggerKind.EVENT, **more: object) -> tuple[Trigger, ...]:
    """The events that a job waits for."""
    return (replace(Trigger(kind, name), **more),)  # type: ignore[arg-type]


def using(cpu: float | None = None, memory: str | None = None, gpu: int = 0) -> Resources:
    """Limits on a job; memory in Gi."""
    return Resources(limits=Limits(cpu, int(float(memory) * 2**30) if memory else None, gpu))


class World:
    """One project on one machine. Each `send` takes a second."""

    def __init__(
        self, *jobs: Job, capacity: Capacity = ROOMY, deployed: bool = False, settings: Mapping[str, Any] | None = None
    ) -> None:
        self.now = NOON
        self.capacity = capacity
        self.settings = dict(settings or {})
        self.runs: dict[RunKey, Run] = {}
        self.histories: dict[JobId, JobHistory] = defaultdict(lambda: JobHistory(JobId("")))
        self.missed: list[Missed] = []
        self.heard: list[Heard] = []
        self.unheeded: list[Unheeded] = []
        self.gathered: list[Gathered] = []
        """Kept until others come."""
        self.log: list[Transition] = []
        self.launched: list[AttemptKey] = []
        self.killed: dict[AttemptKey, str] = {}
        self.deployed: set[JobId] = set()
        """Jobs that had a run because what is live went live."""
        self.deployments: dict[int, Deployment] = {}
        self.live: int | None = None
        self.engine = Engine(capacity)
        if deployed:
            self.deploy(*jobs)
        else:
            self.live = self._new_deployment(jobs, UpdatePolicy.RESTART_NONE)
            self.restart()

    # --- what happens -----------------------------------------------------------------------------------

    def send(self, *events: Event, after_seconds: float = 1) -> Decisions:
        """Lets time pass, hands over the events and applies what is decided."""
        self.now += timedelta(seconds=after_seconds)
        decisions = self.engine.handle(events, self.now)
        for event in events:
            if isinstance(event, ClockJumped):
                self._extend(event.stepped + event.asleep)
        self._apply(decisions)
        return decisions

    def wait(self, seconds: float) -> Decisions:
        """Nothing happens but time."""
        return self.send(TimePassed(), after_seconds=seconds)

    def run(self, *jobs: str, only: bool = False) -> Decisions:
        """Somebody runs the graph, or these jobs."""
        return self._request(Cause(CauseKind.MANUAL), jobs, only=only)

    def fire(self, *jobs: str) -> Decisions:
        """The schedules of these jobs say that they are due."""
        return self._request(Cause(CauseKind.SCHEDULE, self.now), jobs)

    def happen(self, name: str = "ready", kind: TriggerKind = TriggerKind.EVENT, **more: object) -> Decisions:
        """Something happens outside."""
        event = Happened(kind, name, detail=f"{kind} {name}")
        return self.send(replace(event, **more))  # type: ignore[arg-type]

    def deploy(self, *jobs: Job, policy: UpdatePolicy = UpdatePolicy.RESTART_NONE) -> Decisions:
        """A new version goes live."""
        self.live = self._new_deployment(jobs, policy)
        self.deployed.clear()
        self.histories.update({job: replace(one, scheduled_runs=0) for job, one in self.histories.items()})
        return self.send(Deployed(self.deployments[self.live]))

    def start(self, *names: str) -> Decisions:
        """The processes of these tasks are there."""
        return self.send(*(AttemptStarted(self.attempt(name)) for name in names))

    def end(self, *names: str, outcome: Outcome = OK, output: str | None = None) -> Decisions:
        """These tasks end, in one batch."""
        return self.send(*(AttemptEnded(self.attempt(name), outcome, output=output) for name in names))

    def cancel(self, *names: str, reason: str = "somebody asked") -> Decisions:
        """Somebody kills these tasks."""
        return self.send(CancelRequested(tuple(self.task(name).key for name in names), reason))

    def again(self, *names: str, number: int | None = None) -> Decisions:
        """A run is resumed, or these tasks of it are run again, on the deployment that it had."""
        run = self.runs[RunKey(CHURN, number or len(self.runs))]
        tasks = tuple(self.task(f"{run.key.number}/{name}").key for name in names)
        return self.send(RunAgain(run, self.deployments[run.deployment], tasks))

    def again_from(self, job: str, step: str, **parameters: str) -> Decisions:
        """The latest run is resumed from a step of a flow on, with other parameters."""
        run = self.runs[RunKey(CHURN, len(self.runs))]
        from_step = (JobId(job), step)
        return self.send(RunAgain(run, self.deployments[run.deployment], (), from_step, tuple(parameters.items())))

    def again_on(self, run: Run, deployment: int) -> Decisions:
        """A run is resumed on another deployment than it had."""
        return self.send(RunAgain(self.runs[run.key], self.deployments[deployment]))

    def restart(self) -> None:
        """The daemon starts again, and knows what is written."""
        self.engine = Engine(self.capacity)
        self.engine.restore(
            live=[self.deployments[self.live]] if self.live else [],
            histories={CHURN: [replace(history, job=job) for job, history in self.histories.items()]},
            open_runs=[
                (run, self.deployments[run.deployment]) for run in self.runs.values() if not run.state.is_terminal
            ],
            last_run_numbers={CHURN: max((key.number for key in self.runs), default=0)},
            last_event_number=max((one.number for one in self.heard), default=0),
            gathered=self.gathered,
            deployed_jobs={CHURN: self.deployed},
            cancelling={one.task: reason for one, reason in self.killed.items()},
        )

    # --- what a user sees -------------------------------------------------------------------------------

    def task(self, name: str) -> Task:
        """The task that `train`, `train[3]`, `2/train` or `2/train[3]` names; without a number in the latest run.

        A task of a flow is named by its part.
        """
        number, _, rest = name.rpartition("/")
        job_name, _, instance = rest.rstrip("]").partition("[")
        numbers = [int(number)] if number else sorted((key.number for key in self.runs), reverse=True)
        for one in numbers:
            key = TaskKey(RunKey(CHURN, one), JobId(job_name), int(instance or 0))
            tasks = self.runs[key.run].tasks
            found = [task for task in tasks if task.part == rest and rest] or [
                task for task in tasks if task.key == key
            ]
            if found:
                return found[0]
        raise KeyError(name)

    def attempt(self, name: str) -> AttemptKey:
        """The present attempt of a task."""
        task = self.task(name)
        return AttemptKey(task.key, task.attempt)

    def state(self, name: str) -> str:
        """The state of one task."""
        return str(self.task(name).state)

    def states(self, number: int | None = None) -> dict[str, str]:
        """The states of the tasks of a run, by default the latest; instance 0 stands for its job."""
        tasks = self.runs[RunKey(CHURN, number or len(self.runs))].tasks
        return {
            task.part or (f"{task.key.job}[{task.key.instance}]" if task.key.instance else task.key.job): str(
                task.state
            )
            for task in tasks
        }

    def run_state(self, number: int | None = None) -> str:
        """The state of a run, by default the latest."""
        return str(self.runs[RunKey(CHURN, number or len(self.runs))].state)

    # --- the store --------------------------------------------------------------------------------------

    def _new_deployment(self, jobs: Iterable[Job], policy: UpdatePolicy) -> int:
        number = len(self.deployments) + 1
        config = Project("churn", Generation.JOBS, tuple(jobs), update_policy=policy, **self.settings)
        self.deployments[number] = Deployment(
            CHURN, DeploymentNumber(number), str(number), config, "", self.now, slug="churn"
        )
        return number

    def _request(self, cause: Cause, jobs: Iterable[str], only: bool = False) -> Decisions:
        return self.send(RunRequested(CHURN, cause, tuple(JobId(one) for one in jobs), only=only))

    def _apply(self, decisions: Decisions) -> None:
        for run in decisions.new_runs:
            assert run.key not in self.runs
            self.runs[run.key] = run
            self._count_scheduled(run)
            if run.cause.kind is CauseKind.DEPLOY:
                self.deployed.update(task.key.job for task in run.tasks)
        for one in decisions.expanded:
            self._expand(one)
        for one in decisions.added:
            self._add(one)
        for move in decisions.transitions:
            self._move(move)
        for end in decisions.ended_runs:
            assert not self.runs[end.run].state.is_terminal
            self.runs[end.run] = replace(self.runs[end.run], state=end.state, ended_at=self.now)
        self.missed += decisions.missed
        self.heard += decisions.heard
        self.unheeded += decisions.unheeded
        self.gathered += decisions.gathered
        ended = {(one.event, one.together) for one in decisions.unheeded}
        ended |= {(number, one.together) for one in decisions.completed for number in one.events}
        self.gathered = [one for one in self.gathered if (one.heard.number, one.together) not in ended]
        self.launched += decisions.launches
        self.killed.update({kill.attempt: kill.reason for kill in decisions.kills if self._is_alive(kill.attempt)})

    def _extend(self, by: timedelta) -> None:
        for key, run in self.runs.items():
            if not run.state.is_terminal:
                self.runs[key] = replace(run, extended=run.extended + by)

    def _is_alive(self, attempt: AttemptKey) -> bool:
        tasks = self.runs[attempt.task.run].tasks
        return any(one.key == attempt.task and one.attempt == attempt.number and one.state.is_alive for one in tasks)

    def _count_scheduled(self, run: Run) -> None:
        config = self.deployments[run.deployment].config
        for name in {task.key.job for task in run.tasks}:
            if run.cause.kind is CauseKind.SCHEDULE and config.job(name).schedules:
                self.histories[name] = replace(
                    self.histories[name], scheduled_runs=self.histories[name].scheduled_runs + 1
                )

    def _expand(self, expanded: Expanded) -> None:
        run = self.runs[expanded.run]
        first = next(task for task in run.tasks if task.key == expanded.tasks[0].key)
        assert (first.state, first.item, first.key.instance) == (TaskState.WAITING, None, 0)
        place = run.tasks.index(first)
        tasks = (*run.tasks[:place], replace(first, item=expanded.tasks[0].item), *expanded.tasks[1:])
        self.runs[run.key] = replace(run, tasks=(*tasks, *run.tasks[place + 1 :]))

    def _add(self, added: Added) -> None:
        run = self.runs[added.tasks[0].key.run]
        known = [task.key.instance for task in run.tasks if task.key.job == added.tasks[0].key.job]
        assert [task.key.instance for task in added.tasks] == list(range(len(known), len(known) + len(added.tasks)))
        self.runs[run.key] = replace(run, tasks=(*run.tasks, *added.tasks))

    def _move(self, move: Transition) -> None:
        run = self.runs[move.task.run]
        assert run.state is RunState.RUNNING
        old = next(task for task in run.tasks if task.key == move.task)
        assert old.state is move.old
        check_transition(move.old, move.new)
        new = replace(
            old,
            state=move.new,
            reason=move.reason,
            attempt=move.attempt,
            not_before=move.not_before,
            changed_at=self.now,
            gpus=move.gpus,
            memory_bytes=move.memory_bytes or old.memory_bytes,
            output=None if move.new is TaskState.STARTING else move.output or old.output,
        )
        tasks = tuple(new if task is old else task for task in run.tasks)
        self.runs[run.key] = replace(run, tasks=tasks)
        self.log.append(move)
        if move.outcome is not None:
            self.killed.pop(AttemptKey(move.task, move.attempt), None)
        self._note(move, tasks)

    def _note(self, move: Transition, tasks: Iterable[Task]) -> None:
        history = self.histories[move.task.job]
        if move.new is TaskState.STARTING and move.attempt == 1:
            self.histories[move.task.job] = replace(history, last_started_at=self.now)
        mine = [task for task in tasks if task.key.job == move.task.job]
        if move.new is TaskState.SUCCEEDED and all(task.state is TaskState.SUCCEEDED for task in mine):
            self.histories[move.task.job] = replace(history, last_succeeded_at=self.now)
