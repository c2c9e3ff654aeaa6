"""A machine in a virtual time: projects of random shape live through months of schedules, failures, crashes,
redeployments and cancellations. After every event it is checked what must always be true.

Everything comes from one seed. The store is a few dictionaries; a crash throws the engine and the timetable away and
builds others from these, either before what was decided is written or after.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import replace
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
    RoomChanged,
    RunRequested,
    TimePassed,
)
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, DeploymentNumber, ProjectId
from skafd.model.limits import Capacity, Limits
from skafd.model.outcome import Cancelled, Exited, Lost, OomKilled, Outcome, TimedOut
from skafd.model.project import TriggerKind
from skafd.model.run import Cause, CauseKind
from skafd.schedule.timetable import Plan, Timetable
from tests.support.simulated_projects import EVENTS, random_project
from tests.support.simulated_store import Store

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
RECOUNT_TURNS = 64
PACES_SECONDS = (0.0, 0.0, 0.5, 30.0)
"""How much a machine may have to do: within so long several things happen before it comes to look."""
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


class Simulator:
    """One machine."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = BEGIN
        self.store = Store()
        self._capacity = Capacity(4, 8 * 2**30, 0, self.dice.randint(2, 8))
        self._pace_seconds = self.dice.choice(PACES_SECONDS)
        self._engine = Engine(self._capacity)
        self._timetable = Timetable()
        self._wake_at: datetime | None = None
        self._serial = count()
        self._coming: list[tuple[datetime, int, Event]] = []
        self._alive: dict[AttemptKey, Held] = {}
        self._used = Held(0, 0)
        """The sum of what is alive, kept up to date; counted anew now and then."""
        self._turns = 0
        self._shortage = ""
        self._knows_room = True
        for number in range(self.dice.randint(1, 3)):
            self._deploy(ProjectId(f"p{number}"))

    def live_until(self, attempts: int) -> None:
        """Lets time pass until so many attempts have ended, or there is nothing that could happen any more."""
        while self.store.counts["attempts"] < attempts and self._step():
            pass
        self._recount()

    # --- what happens -----------------------------------------------------------------------------------

    def _step(self) -> bool:
        dice = self.dice.random()
        if dice >= 0.1 or (dice >= 0.04 and not self._shortage):
            return self._next()
        if self._shortage:
            self._change_room()
        elif dice < 0.01:
            self._deploy(self.dice.choice(list(self.store.live)))
        elif dice < 0.02:
            self._cancel()
        elif dice < 0.03:
            self._send(self._manual())
        elif dice < 0.035:
            self._send(Happened(TriggerKind.EVENT, self.dice.choice(EVENTS)))
        elif dice < 0.037:
            self._change_room()
        else:
            self._crash()
            self._sleep()
            self._send(TimePassed())
        return True

    def _next(self) -> bool:
        """The earliest of what comes: an attempt that starts or ends, a schedule, a retry; and what comes with it."""
        coming = self._coming
        first = coming[0][0] if coming else None
        for at in (self._timetable.next_at(), self._wake_at):
            if at is not None and (first is None or at < first):
                first = at
        if first is None:
            return False
        self.now = max(self.now, first)
        if self._pace_seconds:
            self.now += timedelta(seconds=self.dice.random() * self._pace_seconds)
        events: list[Event] = []
        while coming and coming[0][0] <= self.now:
            events.append(heapq.heappop(coming)[2])
        self._send(*(events or (TimePassed(),)))
        return True

    def _change_room(self) -> None:
        """The disk is full, or no longer."""
        self._shortage = "" if self._shortage else "room"
        self._send(RoomChanged(self._shortage))

    def _sleep(self) -> None:
        """Nobody is there for a while; attempts go on."""
        self.now += timedelta(seconds=self.dice.choice((1, 60, 7200, 200_000)))

    def _manual(self) -> Event:
        project = self.dice.choice(list(self.store.live))
        jobs = [job.id for job in self.store.live[project].config.jobs if self.dice.random() < 0.3]
        return RunRequested(project, Cause(CauseKind.MANUAL), tuple(jobs), only=self.dice.random() < 0.3)

    def _cancel(self) -> None:
        if self.store.runs:
            tasks = self.store.runs[self.dice.choice(list(self.store.runs))].tasks
            self._send(CancelRequested(tuple(self.dice.sample(list(tasks), min(2, len(tasks)))), "somebody asked"))

    def _deploy(self, project: ProjectId) -> None:
        live = self.store.live.get(project)
        number = DeploymentNumber(1 + live.number if live else 1)
        config = random_project(self.dice, project)
        deployment = Deployment(project, number, str(number), config, "", self.now, slug=project)
        self.store.deploy(deployment, self.now)
        scheduled = {job.id: (job.schedules, self.now) for job in config.jobs if job.schedules}
        self._timetable.replace(project, scheduled)
        self._send(Deployed(deployment))

    # --- the turn, as the orchestrator takes it -------------------------------------------------------------

    def _send(self, *events: Event) -> None:
        """Decides, sometimes dies before it is written, writes, and acts."""
        plan, decisions = self._decide(events)
        if self.dice.random() < 0.005:
            self._crash()
            plan, decisions = self._decide(events)
        self.store.write(plan, decisions, self.now)
        self._wake_at = decisions.wake_at
        self._let_go(decisions)
        if decisions.launches:
            self._launch(decisions.launches)
        for kill in decisions.kills:
            self._come(self.dice.uniform(0, 12), AttemptEnded(kill.attempt, Cancelled(kill.reason)))
        self._turns += 1
        if self._turns % RECOUNT_TURNS == 0:
            self._recount()

    def _decide(self, events: Sequence[Event]) -> tuple[Plan, Decisions]:
        plan = self._timetable.due(self.now, "nobody was there")
        if not self._knows_room:
            events = (RoomChanged(self._shortage), *events)
            self._knows_room = True
        decisions = self._engine.handle([*requests_of(plan), *events] if plan.due else events, self.now)
        if plan.missed:
            decisions = replace(decisions, missed=plan.missed + decisions.missed)
        return plan, decisions

    def _crash(self) -> None:
        self.store.counts["crashes"] += 1
        self._engine = Engine(self._capacity)
        self._timetable = self.store.restore(self._engine)
        self._knows_room = False

    def _launch(self, attempts: Sequence[AttemptKey]) -> None:
        assert not self._shortage, "something began though there is no room"
        for attempt in attempts:
            self.store.check_launch(attempt.task)
            self._hold(attempt)
            self._come(self.dice.random() * 2, AttemptStarted(attempt))
            self._come(self.dice.expovariate(1 / 600), AttemptEnded(attempt, self.dice.choice(OUTCOMES)))
        assert len(self._alive) <= self._capacity.tasks
        assert self._used.millicores <= self._capacity.cpu * 1000
        assert self._used.memory_bytes <= self._capacity.memory_bytes

    def _come(self, seconds: float, event: Event) -> None:
        heapq.heappush(self._coming, (self.now + timedelta(seconds=seconds), next(self._serial), event))

    # --- what the machine has -----------------------------------------------------------------------------

    def _hold(self, attempt: AttemptKey) -> None:
        held = self._needs(self.store.job(attempt.task).resources.limits)
        assert attempt not in self._alive, "an attempt is launched once"
        self._alive[attempt] = held
        self._used = Held(self._used[0] + held[0], self._used[1] + held[1])

    def _needs(self, limits: Limits) -> Held:
        millicores = round(min(limits.cpu or 0, self._capacity.cpu) * 1000)
        return Held(millicores, min(limits.memory_bytes or 0, self._capacity.memory_bytes))

    def _let_go(self, decisions: Decisions) -> None:
        for move in decisions.transitions:
            if move.outcome is not None:
                held = self._alive.pop(AttemptKey(move.task, move.attempt))
                self._used = Held(self._used[0] - held[0], self._used[1] - held[1])

    def _recount(self) -> None:
        """What is checked by sums that are kept up to date is what it is by counting."""
        self.store.recount()
        assert {attempt.task for attempt in self._alive} == self.store.alive
        assert len(self._alive) == len(self.store.alive), "two attempts of one task are alive"
        assert self._used == Held(
            sum(one.millicores for one in self._alive.values()), sum(one.memory_bytes for one in self._alive.values())
        )
