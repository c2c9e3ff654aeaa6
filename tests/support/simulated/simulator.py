"""A machine in a virtual time: projects of random shape live through months of schedules, failures, crashes,
redeployments and whatever people do. After every event it is checked what must always be true.

Everything comes from one seed. The store is a few dictionaries; a crash throws the engine, the timetable and the
backfills away and builds others from these, either before what was decided is written or after.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import cast

from skafd.daemon.agenda import Agenda
from skafd.daemon.backfilling import Backfilling
from skafd.daemon.clocks import Clocks, Reading
from skafd.daemon.restoring import requests_of
from skafd.engine import Engine
from skafd.model.decisions import (
    AttemptEnded,
    AttemptStarted,
    Decisions,
    Deployed,
    Event,
    ItemsFound,
    ItemsWanted,
    ProjectForgotten,
    RoomChanged,
    TimePassed,
)
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, DeploymentNumber, ProjectId
from skafd.model.limits import Capacity
from skafd.model.outcome import Cancelled, Exited, Lost, NotStarted, OomKilled, Outcome, TimedOut
from skafd.model.states import TaskState
from skafd.schedule.timetable import Plan
from skafd.store import Writer
from tests.support.simulated.items import FOUND
from tests.support.simulated.machine import Machine
from tests.support.simulated.people import People
from tests.support.simulated.projects import MACHINE_POOL, changed_project, random_project
from tests.support.simulated.store import Store

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
RECOUNT_TURNS = 64
PACES_SECONDS = (0.0, 0.0, 0.5, 30.0)
"""How much a machine may have to do: within so long several things happen before it comes to look."""
_GIB = 2**30
OUTCOMES: tuple[Outcome, ...] = (
    *(Exited(0) for _ in range(24)),
    *(Exited(1) for _ in range(4)),
    Lost("gone"),
    TimedOut(1),
    OomKilled(2 * _GIB, 2 * _GIB),
    OomKilled(None, 1, "the machine has none left"),
    Cancelled("stopped"),
    NotStarted("no room", for_want_of_room=True),
    NotStarted("no such file"),
)
OUTPUTS = (None, "[]", '["a", "b", "c"]', str(list(range(60))), "3")
"""What attempts publish whose items others are for."""


class Simulator:
    """One machine."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = BEGIN
        capacity = Capacity(4, 8 * _GIB, 2, self.dice.randint(2, 8), ((MACHINE_POOL, 2),))
        self.store = Store(Machine(capacity, dict(capacity.pools)))
        self._capacity = capacity
        self._people = People(self.dice, self.store)
        self._pace_seconds = self.dice.choice(PACES_SECONDS)
        self._sets_clock = self.dice.random() < 0.2
        self._stepped_seconds = self._slept_seconds = 0.0
        self._wake_at: datetime | None = None
        self._serial = count()
        self._coming: list[tuple[datetime, int, Event]] = []
        self._turns = 0
        self._shortage = ""
        self._knows_room = True
        self._deployed: dict[ProjectId, int] = {}
        """How many deployments each project has had."""
        self._begin(Agenda(lambda _: None, Clocks(self._read_clocks)))
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
        if self._shortage and dice < 0.1:
            self._change_room()
        elif dice >= 0.06:
            return self._next()
        elif dice < 0.008:
            self._deploy(self.dice.choice(list(self._deployed)))
        elif dice < 0.042:
            event = self._people.act()
            if event is not None:
                self._send(event)
        elif dice < 0.044:
            self._change_room()
        elif dice < 0.047:
            self._restart()
        elif dice < 0.050:
            self._backfill()
        elif dice < 0.054:
            self._pause()
        elif dice < 0.056:
            self._go_back()
        elif dice < 0.057:
            self._forget()
        elif self._sets_clock:
            self._set_clock()
        return True

    def _next(self) -> bool:
        """The earliest of what comes: an attempt that starts or ends, a schedule, a retry; and what comes with it."""
        coming = self._coming
        first = coming[0][0] if coming else None
        for at in (self._agenda.next_at(), self._wake_at):
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
        self._knows_room = False
        self._send(TimePassed())

    def _restart(self) -> None:
        """Nobody is there for a while; attempts go on."""
        self._crash()
        self.now += timedelta(seconds=self.dice.choice((1, 60, 7200, 200_000)))
        self._send(TimePassed())

    def _set_clock(self) -> None:
        """Somebody sets the clock, or the machine sleeps, with its attempts; perhaps while nobody is looking."""
        if self.dice.random() < 0.3:
            self._crash()
        seconds = self.dice.choice((-86400.0, -3600.0, -20.0, 20.0, 3600.0, 200_000.0))
        if seconds > 0 and self.dice.random() < 0.5:
            self._slept_seconds += seconds
        else:
            self._stepped_seconds += seconds
        by = timedelta(seconds=seconds)
        self.now += by
        self._coming = [(at + by, serial, event) for at, serial, event in self._coming]
        self.store.clock_was_set = True
        self._send(TimePassed())

    def _deploy(self, project: ProjectId) -> None:
        """A new version goes live."""
        self._deployed[project] = self._deployed.get(project, 0) + 1
        number = DeploymentNumber(self._deployed[project])
        live = self.store.live.get(project)
        if live is not None and self.dice.random() < 0.5:
            config = changed_project(self.dice, live.config)
        else:
            config = random_project(self.dice, project)
        self._put_live(Deployment(project, number, str(number), config, "", self.now, slug=project))

    def _go_back(self) -> None:
        """An earlier version goes live again."""
        self._put_live(self.dice.choice(list(self.store.deployments.values())), first_time=False)

    def _put_live(self, deployment: Deployment, first_time: bool = True) -> None:
        since = self.store.deploy(deployment, self.now)
        self._agenda.replace(deployment, since)
        self._send(Deployed(deployment, first_time))
        if self.dice.random() < 0.2:
            self._crash()
            self._send(TimePassed())

    def _forget(self) -> None:
        if len(self.store.live) > 1:
            project = self.dice.choice(list(self.store.live))
            self.store.forget(project)
            self._agenda.remove(project)
            self._send(ProjectForgotten(project))

    def _pause(self) -> None:
        self._people.pause()
        self._engine.pause(self.store.paused)
        self._agenda.pause(self.store.paused)
        self._send(TimePassed())

    def _backfill(self) -> None:
        self._people.backfill(self.now)
        self._backfilling = Backfilling(self.store.backfills.unfinished())
        self._send(TimePassed())

    # --- the turn, as the orchestrator takes it -------------------------------------------------------------

    def _send(self, *events: Event) -> None:
        """Turns until nothing is left to be done at once."""
        found = self._turn(events)
        while found or self._backfilling.has_room:
            found = self._turn(found)

    def _turn(self, events: Sequence[Event]) -> list[Event]:
        """Decides, sometimes dies before it is written, writes, and acts. Returns what it found out meanwhile."""
        plan, decisions = self._decide(events)
        if self.dice.random() < 0.005:
            self._crash()
            plan, decisions = self._decide([one for one in events if not isinstance(one, ItemsFound)])
        self._write(plan, decisions)
        self._wake_at = decisions.wake_at
        for attempt in decisions.launches:
            self._launch(attempt)
        for kill in decisions.kills:
            self._come(self.dice.uniform(0, 12), AttemptEnded(kill.attempt, Cancelled(kill.reason)))
        if not self._shortage:
            self.store.machine.check_idle()
            self.store.machine.check_room(self.now)
        self._turns += 1
        if self._turns % RECOUNT_TURNS == 0:
            self._recount()
        return [self._find_items(wanted) for wanted in decisions.wanted]

    def _decide(self, events: Sequence[Event]) -> tuple[Plan, Decisions]:
        asked = self._backfilling.take(cast(Writer, self))
        self._jump = self._agenda.look(self.now)
        plan = self._agenda.plan(self.now, self._jump, self.store.was_decided)
        room = () if self._knows_room else (RoomChanged(self._shortage),)
        self._knows_room = True
        decisions = self._engine.handle([*self._jump.events, *room, *requests_of(plan), *events, *asked], self.now)
        if plan.missed:
            decisions = replace(decisions, missed=plan.missed + decisions.missed)
        return plan, decisions

    def count_backfill_run(self, number: int) -> None:
        """As the Writer notes that a run of a backfill was asked for."""
        self._asked.append(number)

    def _write(self, plan: Plan, decisions: Decisions) -> None:
        for jump in self._jump.events:
            self.store.move_with_clock(jump.stepped)
        if self._is_restored:
            self.store.distrust_future(self.now)
        self.store.backfills.count(self._asked)
        self.store.write(plan, decisions, self.now)
        self._asked.clear()
        self._is_restored = False
        self._agenda.planned()
        self._backfilling.follow(decisions)

    def _crash(self) -> None:
        self.store.counts["crashes"] += 1
        self._begin(Agenda(lambda _: None, Clocks(self._read_clocks)))

    def _begin(self, agenda: Agenda) -> None:
        """Knows what is written, and nothing else."""
        self._engine = Engine(self._capacity)
        self._agenda = agenda
        self._agenda.restore(self.store.restore(self._engine))
        self._backfilling = Backfilling(self.store.backfills.unfinished())
        self._asked: list[int] = []
        self._knows_room = False
        self._is_restored = True

    def _launch(self, attempt: AttemptKey) -> None:
        assert not self._shortage, "something began though there is no room"
        self.store.check_launch(attempt.task)
        dice = self.dice
        self._come(dice.random() * 2, AttemptStarted(attempt))
        ended = AttemptEnded(attempt, dice.choice(OUTCOMES), output=dice.choice(OUTPUTS))
        self._come(dice.expovariate(1 / 600), ended)

    def _find_items(self, wanted: ItemsWanted) -> Event:
        found = FOUND[: self.dice.choice((0, 1, 4, 30))]
        problem = "the disk is gone" if self.dice.random() < 0.05 else ""
        self.store.found[wanted.run, wanted.job] = found
        return ItemsFound(wanted.run, wanted.job, () if problem else found, problem)

    def _come(self, seconds: float, event: Event) -> None:
        heapq.heappush(self._coming, (self.now + timedelta(seconds=seconds), next(self._serial), event))

    def _read_clocks(self) -> Reading:
        wall = self.now.timestamp()
        elapsed = wall - self._stepped_seconds
        return Reading(wall, elapsed - self._slept_seconds, elapsed)

    def _recount(self) -> None:
        """What is checked by sums that are kept up to date is what it is by counting; and who waits knows for what."""
        self.store.recount()
        for run in list(self.store.runs.values())[:3]:
            for key in run.tasks:
                if run.state_of(key) in (TaskState.WAITING, TaskState.QUEUED):
                    assert self._engine.explain(key), f"{key} waits for nothing"
