"""A machine in a virtual time: projects of random shape live through months of schedules, failures, crashes,
redeployments and whatever people do. After every event it is checked what must always be true.

Everything comes from one seed. The store is a few dictionaries; a crash throws the engine, the timetable and the
backfills away and builds others from these, either before what was decided is written or after.
"""

from __future__ import annotations

import heapq
from datetime import timedelta

from skafd.daemon.backfilling import Backfilling
from skafd.daemon.clocks import NOTICED_SECONDS
from skafd.model.decisions import (
    Deployed,
    Event,
    ProjectForgotten,
    TimePassed,
)
from skafd.model.deployment import Deployment
from skafd.model.ids import DeploymentNumber, ProjectId
from tests.support.simulated.people import People
from tests.support.simulated.projects import changed_project, random_project
from tests.support.simulated.turns import Turns

PACES_SECONDS = (0.0, 0.0, 0.5, 30.0)
"""How much a machine may have to do: within so long several things happen before it comes to look."""


class Simulator(Turns):
    """One machine."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._people = People(self.dice, self.store)
        self._pace_seconds = self.dice.choice(PACES_SECONDS)
        self._sets_clock = self.dice.random() < 0.2
        self._deployed: dict[ProjectId, int] = {}
        """How many deployments each project has had."""
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
        elif self._sets_clock and 0.06 <= dice < 0.07:
            self._set_clock()
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
        elif dice < 0.058:
            self._go_back()
        else:
            self._forget()
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
        seconds = self.dice.choice((-86400.0, -3600.0, -20.0, 20.0, 3600.0, 200_000.0))
        if self.dice.random() < 0.3:
            self._crash()
            self.store.is_time_doubtful = True
        if abs(seconds) < NOTICED_SECONDS:
            self.store.is_time_doubtful = True
            self.store.machine.set_back_unnoticed(max(-seconds, 0.0))
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
        if self.dice.random() < 0.1:
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
