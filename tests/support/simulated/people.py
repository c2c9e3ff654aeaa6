"""What people, other programs and the machine do to a simulated machine, by the dice."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from skafd.model.decisions import (
    CancelRequested,
    Event,
    Happened,
    RetryRequested,
    RunAgain,
    RunRequested,
    SkipRequested,
)
from skafd.model.ids import JobId, ProjectId, TaskKey
from skafd.model.project import TriggerKind
from skafd.model.run import Cause, CauseKind
from skafd.model.states import TaskState
from skafd.schedule.calendar import calendar_of
from skafd.store.backfills import Backfill
from tests.support.simulated.projects import EVENTS, FILES, SIZE, WEBHOOK

if TYPE_CHECKING:
    from tests.support.simulated.store import Store

_SIZES = (None, None, None, "1", "9", "many")
"""What an event brings for the parameter; the last is not of its type."""
_BACKFILLED = timedelta(days=3)
_MOST_INSTANTS = 12


class People:
    """Each method makes something up that fits what is there, or None where nothing does."""

    def __init__(self, dice: random.Random, store: Store) -> None:
        self._dice = dice
        self._store = store
        self._asked = 0
        acts: list[tuple[int, Callable[[], Event | None]]] = [
            (10, self._cancel),
            (10, self._ask_for_run),
            (40, self._tell),
            (6, self._skip),
            (4, self._hurry),
            (16, self._again),
        ]
        self._acts = [act for _, act in acts]
        self._weights = list(accumulate(weight for weight, _ in acts))

    def act(self) -> Event | None:
        """Somebody does something to runs and tasks."""
        (act,) = self._dice.choices(self._acts, cum_weights=self._weights)
        return act()

    def _ask_for_run(self) -> Event | None:
        project = self._live_project()
        if project is None:
            return None
        dice = self._dice
        jobs = tuple(job.id for job in self._store.live[project].config.jobs if dice.random() < 0.3)
        size = dice.choice(_SIZES[:-1])
        parameters = () if size is None else ((SIZE, size),)
        self._asked += 1
        self._store.asked[str(self._asked)] = parameters
        cause = Cause(CauseKind.MANUAL, detail=str(self._asked))
        return RunRequested(project, cause, jobs, only=dice.random() < 0.3, parameters=parameters)

    def _tell(self) -> Event | None:
        dice = self._dice
        size = dice.choice(_SIZES)
        parameters = () if size is None else ((SIZE, size),)
        kind = dice.choice((TriggerKind.EVENT, TriggerKind.EVENT, TriggerKind.FILE, TriggerKind.WEBHOOK))
        if kind is TriggerKind.EVENT:
            return Happened(kind, dice.choice(EVENTS), parameters=parameters)
        project = self._live_project()
        name = FILES if kind is TriggerKind.FILE else WEBHOOK
        return None if project is None else Happened(kind, name, project, parameters=parameters)

    def _cancel(self) -> Event | None:
        store, dice = self._store, self._dice
        if not store.runs:
            return None
        tasks = list(store.runs[dice.choice(list(store.runs))].tasks)
        return CancelRequested(tuple(dice.sample(tasks, min(dice.choice((1, 2, 100)), len(tasks)))), "somebody asked")

    def _skip(self) -> Event | None:
        task = self._open_task()
        if task is None:
            return None
        self._store.skipped.add(task)
        return SkipRequested(task)

    def _hurry(self) -> Event | None:
        task = self._open_task()
        if task is None:
            return None
        self._store.hurried.add(task)
        return RetryRequested(task)

    def _again(self) -> Event | None:
        store, dice = self._store, self._dice
        ended = [one for one in store.ended if one.run.key.project in store.live]
        if not ended:
            return None
        one = max(dice.sample(ended, min(2, len(ended))), key=lambda one: len(one.shares))
        run, project = one.whole(), one.run.key.project
        deployment = store.deployments[project, run.deployment] if dice.random() < 0.7 else store.live[project]
        tasks = (dice.choice(run.tasks).key,) if dice.random() < 0.5 else ()
        store.resumed.event = RunAgain(run, deployment, tasks)
        return store.resumed.event

    def backfill(self, now: datetime) -> None:
        """Somebody asks for a job to be run for the past, or wants no more of that."""
        store, dice = self._store, self._dice
        unfinished = store.backfills.unfinished()
        if unfinished and dice.random() < 0.3:
            store.backfills.cancel(dice.choice(unfinished).id, now)
            return
        project = self._live_project()
        scheduled = [job for job in store.live[project].config.jobs if job.schedules] if project else []
        if project is None or not scheduled:
            return
        job = dice.choice(scheduled)
        number_of_runs = dice.randint(1, _MOST_INSTANTS)
        instants = tuple(islice(calendar_of(job.schedules[0]).after(now - _BACKFILLED), number_of_runs))
        given = {instant: ((SIZE, "3"),) for instant in instants if dice.random() < 0.3}
        if instants:
            number = len(store.backfills.asked) + 1
            parallel, only = dice.randint(1, 3), dice.random() < 0.5
            store.backfills.add(
                Backfill(number, project, project, job.id, only, instants, parallel, now, None, instants, (), given)
            )

    def pause(self) -> None:
        """Somebody pauses a project or a job, or lets it go on."""
        store, dice = self._store, self._dice
        if store.paused and dice.random() < 0.6:
            store.paused.remove(dice.choice(sorted(store.paused, key=str)))
            return
        project = self._live_project()
        if project is not None:
            jobs: list[JobId | None] = [None, *(job.id for job in store.live[project].config.jobs)]
            store.paused.add((project, dice.choice(jobs)))

    def _live_project(self) -> ProjectId | None:
        live = list(self._store.live)
        return self._dice.choice(live) if live else None

    def _open_task(self) -> TaskKey | None:
        store = self._store
        if not store.runs:
            return None
        run = store.runs[self._dice.choice(list(store.runs))]
        waiting = (TaskState.WAITING, TaskState.QUEUED)
        found = [key for key in run.tasks if run.state_of(key) in waiting]
        return self._dice.choice(found) if found else None
