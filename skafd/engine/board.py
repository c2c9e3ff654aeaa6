"""All that the engine holds in memory between two calls."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from skafd.engine.admission import Admission
from skafd.engine.awaiting import Awaiting
from skafd.engine.gathering import Gathering
from skafd.engine.graph import Graph
from skafd.engine.listeners import Listeners
from skafd.engine.open_run import OpenJob, OpenRun
from skafd.engine.overlap import Lines
from skafd.model.deployment import Deployment
from skafd.model.ids import JobId, ProjectId, RunKey, TaskKey
from skafd.model.limits import Capacity
from skafd.model.run import JobHistory, Task


@dataclass(slots=True, eq=False)
class Live:
    """The deployment of a project on which new runs are made."""

    deployment: Deployment
    graph: Graph
    deployed_jobs: set[JobId]
    """Jobs that got a run because this deployment went live."""

    def link(self, job: JobId) -> str:
        """What the job is called in a chain of jobs that set each other off: `churn/train`."""
        return f"{self.deployment.slug}/{self.graph.jobs[job].name.strip()}"


class Board:
    """Live deployments, open runs, and the indexes by which an event finds what it concerns."""

    def __init__(self, capacity: Capacity) -> None:
        self.admission = Admission(capacity)
        self.live: dict[ProjectId, Live] = {}
        self.runs: dict[ProjectId, dict[RunKey, OpenRun]] = {}
        self.histories: dict[tuple[ProjectId, JobId], JobHistory] = {}
        self.last_run_numbers: dict[ProjectId, int] = {}
        self.last_event_number = 0
        self.listeners = Listeners()
        self.gathering = Gathering()
        self.paused: frozenset[tuple[ProjectId, JobId | None]] = frozenset()
        self.lines = Lines()
        self.cancelling: dict[TaskKey, str] = {}
        """Alive tasks whose end was asked for, and why: they get no retry, however they end."""
        self.awaiting = Awaiting()
        self.unchecked: list[OpenJob] = []
        """Restored jobs that have not been looked at yet."""
        self.unreleased: list[OpenJob] = []
        """Restored jobs of which further instances may go."""
        self._retries: list[tuple[datetime, TaskKey]] = []
        self._deadlines: list[tuple[datetime, RunKey]] = []

    def put_live(self, deployment: Deployment) -> None:
        """New runs of the project are made on this deployment."""
        graph = Graph(deployment.config, deployment.project)
        self.live[deployment.project] = Live(deployment, graph, set())
        self.listeners.put(deployment)

    def drop_live(self, project: ProjectId) -> None:
        """No more runs of the project are made; one that is not there is no error."""
        self.live.pop(project, None)
        self.listeners.remove(project)

    def is_paused(self, project: ProjectId, job: JobId) -> bool:
        """Whether the job, or its project, is paused."""
        return (project, None) in self.paused or (project, job) in self.paused

    def next_event_number(self) -> int:
        """A number that no event ever had."""
        self.last_event_number += 1
        return self.last_event_number

    def add_run(self, run: OpenRun) -> None:
        self.runs.setdefault(run.key.project, {})[run.key] = run
        if run.deadline is not None:
            heapq.heappush(self._deadlines, (run.deadline, run.key))

    def next_run_key(self, project: ProjectId) -> RunKey:
        """A number that no run of the project ever had."""
        self.last_run_numbers[project] = self.last_run_numbers.get(project, 0) + 1
        return RunKey(project, self.last_run_numbers[project])

    def remove_run(self, run: OpenRun) -> None:
        del self.runs[run.key.project][run.key]
        if not self.runs[run.key.project]:
            del self.runs[run.key.project]

    def find_run(self, key: RunKey) -> OpenRun | None:
        return self.runs.get(key.project, {}).get(key)

    def open_runs(self) -> Iterator[OpenRun]:
        """Every run that has not ended."""
        for runs in self.runs.values():
            yield from runs.values()

    def find_job(self, key: TaskKey) -> OpenJob | None:
        """The open run's job that has this task, None where there is no such run, job or instance."""
        runs = self.runs.get(key.run.project)
        run = runs.get(key.run) if runs else None
        open_job = run.jobs.get(key.job) if run else None
        return open_job if open_job and 0 <= key.instance < len(open_job.tasks) else None

    def open_tasks(self, project: ProjectId) -> Iterator[tuple[OpenJob, Task]]:
        """Every task of the project that has not ended."""
        for run in self.runs.get(project, {}).values():
            for open_job in run.jobs.values():
                for task in open_job.tasks if open_job.open_tasks else ():
                    if not task.state.is_terminal:
                        yield open_job, task

    def history(self, project: ProjectId, job: JobId) -> JobHistory:
        return self.histories.get((project, job)) or JobHistory(job)

    def put_history(self, project: ProjectId, history: JobHistory) -> None:
        self.histories[project, history.job] = history

    def put_retry(self, at: datetime, task: TaskKey) -> None:
        heapq.heappush(self._retries, (at, task))

    def next_wake_at(self) -> datetime | None:
        """The earliest instant at which time alone changes something."""
        while self._deadlines and not self._is_open(self._deadlines[0][1]):
            heapq.heappop(self._deadlines)
        retry_at, deadline = self.next_retry_at(), self._deadlines[0][0] if self._deadlines else None
        return min(retry_at, deadline) if retry_at and deadline else retry_at or deadline

    def move_retries(self, moved: Callable[[datetime, TaskKey], datetime]) -> None:
        """Gives every wait for a retry another end."""
        self._retries = [(moved(at, key), key) for at, key in self._retries if self._is_retry(at, key)]
        heapq.heapify(self._retries)

    def move_deadlines(self, moved: Callable[[datetime, float], datetime]) -> None:
        """Gives every open run with a timeout another deadline; `moved` is told the old one and the timeout."""
        runs = [(at, self.find_run(key)) for at, key in self._deadlines]
        self._deadlines = [
            (moved(at, run.deployment.config.timeout_seconds or 0.0), run.key) for at, run in runs if run
        ]
        heapq.heapify(self._deadlines)

    def take_over_time(self, now: datetime) -> list[OpenRun]:
        """Takes out the open runs whose deadline has passed."""
        taken = []
        while self._deadlines and self._deadlines[0][0] <= now:
            run = self.find_run(heapq.heappop(self._deadlines)[1])
            if run is not None:
                taken.append(run)
        return taken

    def _is_open(self, key: RunKey) -> bool:
        return self.find_run(key) is not None

    def next_retry_at(self) -> datetime | None:
        """The earliest instant at which a task may be tried again."""
        while self._retries and not self._is_retry(*self._retries[0]):
            heapq.heappop(self._retries)
        return self._retries[0][0] if self._retries else None

    def take_retries(self, now: datetime) -> list[TaskKey]:
        """Takes out the tasks that may be tried again by now."""
        taken = []
        while (at := self.next_retry_at()) is not None and at <= now:
            taken.append(heapq.heappop(self._retries)[1])
        return taken

    def _is_retry(self, at: datetime, key: TaskKey) -> bool:
        open_job = self.find_job(key)
        return open_job is not None and open_job.tasks[key.instance].not_before == at
