"""The engine: events in, decisions out. It holds all open runs in memory, does no I/O and reads no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from skafd.engine import (
    again,
    by_hand,
    clock_jumps,
    deploys,
    endings,
    happening,
    items,
    particulars,
    requests,
    restoring,
)
from skafd.engine.board import Board
from skafd.engine.closing import settle
from skafd.engine.draft import Draft
from skafd.engine.starting import start_admitted
from skafd.engine.timeouts import end_over_time
from skafd.engine.why import explain_waiting
from skafd.errors import NotFound
from skafd.model.decisions import (
    AttemptEnded,
    AttemptStarted,
    CancelRequested,
    ClockJumped,
    Decisions,
    Deployed,
    Event,
    Gathered,
    Happened,
    ItemsFound,
    ProjectForgotten,
    RetryRequested,
    RoomChanged,
    RunAgain,
    RunRequested,
    SkipRequested,
    TimePassed,
)
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, JobId, ProjectId, RunKey, TaskKey
from skafd.model.limits import Capacity
from skafd.model.particulars import Particulars
from skafd.model.run import JobHistory, Run


class Engine:
    """Decides. Whoever cannot write the decisions throws the engine away and restores another."""

    def __init__(self, capacity: Capacity) -> None:
        self._board = Board(capacity)
        self._is_restored = False

    def restore(
        self,
        *,
        live: Iterable[Deployment],
        histories: Mapping[ProjectId, Iterable[JobHistory]],
        open_runs: Iterable[tuple[Run, Deployment]],
        last_run_numbers: Mapping[ProjectId, int],
        last_event_number: int = 0,
        gathered: Iterable[Gathered] = (),
        deployed_jobs: Mapping[ProjectId, Iterable[JobId]] = MappingProxyType({}),
        cancelling: Mapping[TaskKey, str] = MappingProxyType({}),
    ) -> None:
        """Fills a new engine from what is written. The next `handle` goes on from there, whatever its events.

        `deployed_jobs` had a run because what is live went live; `cancelling` are alive and were asked to end.
        """
        restoring.restore_projects(self._board, live, histories, deployed_jobs)
        restoring.restore_runs(self._board, open_runs)
        self._board.cancelling.update(cancelling)
        self._board.last_run_numbers.update(last_run_numbers)
        self._is_restored = True
        self._board.last_event_number = last_event_number
        for one in gathered:
            self._board.gathering.put(one)

    def pause(self, paused: Iterable[tuple[ProjectId, JobId | None]]) -> None:
        """Says for which jobs, or None for a whole project, events pass unheeded from now on."""
        self._board.paused = frozenset(paused)

    def handle(self, events: Sequence[Event], now: datetime) -> Decisions:
        """Decides what follows from the events, in their order. Events that are no news change nothing."""
        draft = Draft(now)
        self._follow_machine(events, now)
        draft.to_check.extend(self._board.unchecked)
        draft.to_release.extend(self._board.unreleased)
        self._board.unchecked.clear()
        self._board.unreleased.clear()
        settle(self._board, draft)
        for event in events:
            self._handle_one(draft, event)
            settle(self._board, draft)
        endings.queue_retries(self._board, draft)
        end_over_time(self._board, draft)
        settle(self._board, draft)
        start_admitted(self._board, draft)
        while draft.to_check:
            settle(self._board, draft)
            start_admitted(self._board, draft)
        return draft.decisions(self._board.next_wake_at())

    def _handle_one(self, draft: Draft, event: Event) -> None:
        match event:
            case AttemptEnded():
                endings.end_attempt(self._board, draft, event)
            case AttemptStarted():
                endings.start_attempt(self._board, draft, event)
            case RunRequested():
                requests.request_run(self._board, draft, event)
            case CancelRequested():
                by_hand.cancel(self._board, draft, event)
            case RetryRequested():
                by_hand.retry_now(self._board, draft, event)
            case SkipRequested():
                by_hand.skip(self._board, draft, event)
            case ItemsFound():
                items.take_items(self._board, draft, event)
            case Happened():
                happening.take(self._board, draft, event)
            case RunAgain():
                again.run_again(self._board, draft, event)
            case Deployed():
                deploys.deploy(self._board, draft, event)
            case ProjectForgotten():
                deploys.forget(self._board, draft, event)
            case ClockJumped() | RoomChanged() | TimePassed():
                pass  # The machine is looked after before everything else.

    def _follow_machine(self, events: Sequence[Event], now: datetime) -> None:
        for event in events:
            if isinstance(event, ClockJumped):
                clock_jumps.follow(self._board, event)
            elif isinstance(event, RoomChanged):
                self._board.admission.close(event.shortage)
        if self._is_restored:
            clock_jumps.distrust_future(self._board, now)
            self._is_restored = False

    # --- questions --------------------------------------------------------------------------------------

    def run(self, key: RunKey) -> Run | None:
        """An open run at this moment; None when it has ended or never was."""
        run = self._board.find_run(key)
        return run.snapshot() if run else None

    def outline(self, key: RunKey) -> Run | None:
        """An open run without its tasks: asked for at each launch, so it costs the same however many there are."""
        run = self._board.find_run(key)
        return run.outline() if run else None

    def explain(self, key: TaskKey) -> str | None:
        """What a task that has not begun waits for now; None when it has begun, has ended or never was."""
        return explain_waiting(self._board, key)

    def particulars(self, key: TaskKey) -> Particulars:
        """What is particular to the present attempt of an open task. Raises NotFound."""
        return particulars.of_task(self._board, key)

    def runs(self) -> tuple[Run, ...]:
        """Every open run."""
        return tuple(run.snapshot() for runs in self._board.runs.values() for run in runs.values())

    def deployment_of(self, key: RunKey) -> Deployment:
        """The deployment that an open run runs on. Raises NotFound."""
        run = self._board.find_run(key)
        if run is None:
            raise NotFound(f"run {key.number} is not open")
        return run.deployment

    def live(self, project: ProjectId) -> Deployment | None:
        """The deployment on which the project's next run will be made; None when it has none."""
        live = self._board.live.get(project)
        return live.deployment if live else None

    def open_tasks(self, project: ProjectId, job: JobId | None = None) -> tuple[TaskKey, ...]:
        """The tasks of a project, or of one job of it, that have not ended."""
        found = self._board.open_tasks(project)
        return tuple(task.key for open_job, task in found if job in (None, open_job.job.id))

    def alive(self, project: ProjectId, job: JobId | None = None) -> tuple[AttemptKey, ...]:
        """The attempts of a project, or of one job of it, that have a process or are about to."""
        found = self._board.open_tasks(project)
        return tuple(
            AttemptKey(task.key, task.attempt)
            for open_job, task in found
            if task.state.is_alive and job in (None, open_job.job.id)
        )

    def is_spent(self, project: ProjectId, job: JobId) -> bool:
        """Whether the job has had all the scheduled runs that `max_runs` allows on the live deployment."""
        live = self._board.live.get(project)
        known = live.graph.jobs.get(job) if live else None
        return known is not None and requests.is_spent(self._board, project, known)
