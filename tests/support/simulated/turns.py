"""A turn of a simulated machine, as the orchestrator takes it: decide, sometimes die, write, act."""

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
    Event,
    ItemsFound,
    ItemsWanted,
    RoomChanged,
)
from skafd.model.ids import AttemptKey
from skafd.model.limits import Capacity
from skafd.model.outcome import Cancelled, Exited, Lost, NotStarted, OomKilled, Outcome, TimedOut
from skafd.model.states import TaskState
from skafd.schedule.timetable import Plan
from skafd.store import Writer
from tests.support.simulated.items import FOUND
from tests.support.simulated.machine import Machine
from tests.support.simulated.projects import MACHINE_POOL, pick
from tests.support.simulated.store import Store

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
RECOUNT_TURNS = 64
GIB = 2**30
OUTCOMES: tuple[Outcome, ...] = (
    *(Exited(0) for _ in range(24)),
    *(Exited(1) for _ in range(4)),
    Lost("gone"),
    TimedOut(1),
    OomKilled(2 * GIB, 2 * GIB),
    OomKilled(None, 1, "the machine has none left"),
    Cancelled("stopped"),
    NotStarted("no room", for_want_of_room=True),
    NotStarted("no such file"),
)
OUTPUTS = (None, "[]", '["a", "b", "c"]', str(list(range(60))), "3")
"""What attempts publish whose items others are for."""


class Turns:
    """What a machine does whenever something has happened."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = BEGIN
        self._capacity = Capacity(4, 8 * GIB, 2, self.dice.randint(2, 8), ((MACHINE_POOL, 2),))
        self.store = Store(Machine(self._capacity, dict(self._capacity.pools)))
        self._stepped_seconds = self._slept_seconds = 0.0
        self._wake_at: datetime | None = None
        self._serial = count()
        self._coming: list[tuple[datetime, int, Event]] = []
        self._turns = 0
        self._shortage = ""
        self._begin()

    def _send(self, *events: Event) -> None:
        """Turns until nothing is left to be done at once."""
        found = self._turn(events)
        while found or self._backfilling.has_room:
            found = self._turn(found)

    def _turn(self, events: Sequence[Event]) -> list[Event]:
        """Decides, sometimes dies before it is written, writes, and acts. Returns what it found out meanwhile."""
        plan, decisions = self._decide(events)
        if self.dice.random() < 0.005:
            self.store.is_time_doubtful |= bool(self._jumped)
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
        jump = self._agenda.look(self.now)
        self._jumped = jump.events
        plan = self._agenda.plan(self.now, jump, self.store.was_decided)
        room = () if self._knows_room else (RoomChanged(self._shortage),)
        self._knows_room = True
        decisions = self._engine.handle([*self._jumped, *room, *requests_of(plan), *events, *asked], self.now)
        if plan.missed:
            decisions = replace(decisions, missed=plan.missed + decisions.missed)
        return plan, decisions

    def count_backfill_run(self, number: int) -> None:
        """As the Writer notes that a run of a backfill was asked for."""
        self._asked.append(number)

    def _write(self, plan: Plan, decisions: Decisions) -> None:
        for jump in self._jumped:
            self.store.move_with_clock(jump.stepped, jump.asleep)
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
        self._begin()

    def _begin(self) -> None:
        """Knows what is written, and nothing else."""
        self._engine = Engine(self._capacity)
        self._agenda = Agenda(lambda _: None, Clocks(self._read_clocks))
        self._agenda.restore(self.store.restore(self._engine))
        self._backfilling = Backfilling(self.store.backfills.unfinished())
        self._asked: list[int] = []
        self._knows_room = False
        self._is_restored = True

    def _launch(self, attempt: AttemptKey) -> None:
        assert not self._shortage, "something began though there is no room"
        self.store.check_launch(attempt.task)
        dice = self.dice
        if dice.random() < 0.7:  # A short one may have ended before anybody says that it began.
            self._come(dice.random() * 2, AttemptStarted(attempt))
        ended = AttemptEnded(attempt, pick(dice, OUTCOMES), output=pick(dice, OUTPUTS))
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
        self.store.recount(self.now)
        for run in list(self.store.runs.values())[:3]:
            for key in run.tasks:
                if run.state_of(key) in (TaskState.WAITING, TaskState.QUEUED):
                    assert self._engine.explain(key), f"{key} waits for nothing"
