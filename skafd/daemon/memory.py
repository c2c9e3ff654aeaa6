"""What the orchestrator knows, so that it need not ask the database: rebuilt from there whenever it is in doubt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from skafd.daemon.abroad import Abroad
from skafd.daemon.agenda import Agenda
from skafd.daemon.backfilling import Backfilling
from skafd.daemon.clocks import Jump
from skafd.daemon.facts import Facts
from skafd.daemon.keeping import Wanted
from skafd.daemon.launches import CheckEnvironments, Launches
from skafd.daemon.lookups import LookUp
from skafd.daemon.mailbox import Prepare
from skafd.daemon.restoring import requests_of, restore, write_occurrences
from skafd.engine import Engine
from skafd.home import Home
from skafd.machine.room import shortage_of
from skafd.model.decisions import Decisions, Event, ItemsWanted, RoomChanged
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, JobId, ProjectId, TaskKey
from skafd.model.limits import Capacity
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.user import User
from skafd.schedule import Occurrence
from skafd.store import Database, Reader, Writer
from skafd.store.pauses import Pause

LOOK_AGAIN_AFTER = timedelta(seconds=1)


class Memory:
    """Owned by the orchestrator's thread; `next_of` alone may be asked from any."""

    def __init__(
        self,
        home: Home,
        database: Database,
        capacity: Capacity,
        set_alarm: Callable[[datetime | None], None],
        check_environments: CheckEnvironments,
    ) -> None:
        self.facts = Facts(database)
        self.agenda = Agenda(set_alarm)
        self.backfilling = Backfilling()
        self.engine = Engine(capacity)
        self.is_doubtful = True
        """It may be ahead of the disk, or nothing has been read yet."""
        self.shortage = ""
        """What of the disk is short, as far as the engine knows. May be read from any thread."""
        self._home = home
        self._is_restored = False
        """Nothing was decided yet on what was read."""
        self._launches = Launches(home, self.facts, check_environments)
        self._capacity = capacity

    def restore(self, reader: Reader) -> None:
        """Forgets everything, and begins with what is written. The next decision shows whether that can be trusted."""
        self.facts.drop_all()
        self.engine, timetable = restore(reader, self._capacity)
        self.backfilling = Backfilling(reader.open_backfills())
        self.agenda.restore(timetable)
        self._is_restored = True
        self.shortage = ""

    def decide(self, writer: Writer, prepare: Prepare, now: datetime) -> Decisions:
        """What `prepare` writes, what has become due, and what the engine makes of both; written, not committed."""
        events = prepare(writer)
        # From here on it may be ahead of the disk until the commit.
        self.is_doubtful = True
        asked = self.backfilling.take(writer)
        jump = self.agenda.look(now)
        jumped = self._follow_clock(writer, jump, now)
        plan = self.agenda.plan(now, jump, writer.was_decided)
        room = self._look_for_room()
        decisions = self.engine.handle([*jumped, *room, *requests_of(plan), *events, *asked], now)
        wake_at = decisions.wake_at
        if self.shortage:
            # Nobody tells when there is room again.
            wake_at = min(now + LOOK_AGAIN_AFTER, wake_at or now + LOOK_AGAIN_AFTER)
        decisions = replace(decisions, missed=plan.missed + decisions.missed, wake_at=wake_at)
        writer.apply(decisions, now, self._launches.records(self.engine, decisions.launches))
        write_occurrences(writer, plan, decisions, now)
        return decisions

    def _look_for_room(self) -> Sequence[Event]:
        """Asked in every turn, so that nothing starts that would find no room; costs a microsecond."""
        shortage = shortage_of(self._home.path)
        if shortage == self.shortage:
            return ()
        self.shortage = shortage
        return (RoomChanged(shortage),)

    def _follow_clock(self, writer: Writer, jump: Jump, now: datetime) -> Sequence[Event]:
        """Writes what a jump of the clock means; the engine is told, and does the same in memory."""
        for event in jump.events:
            writer.move_with_clock(event.stepped, event.asleep)
            writer.move_gathered(event.stepped)
        if self._is_restored:
            writer.note_restored(now)
            writer.distrust_future(now)
        return jump.events

    def pause(self, paused: Sequence[Pause]) -> None:
        """Says what is paused from now on."""
        self.agenda.pause(paused)
        self.engine.pause(paused)

    def committed(self, decisions: Decisions) -> None:
        """What was decided is on disk."""
        self.is_doubtful = self._is_restored = False
        self.agenda.planned()
        self.backfilling.follow(decisions)

    def spec(self, attempt: AttemptKey) -> AttemptSpec:
        """What the supervisor of an attempt is told. Raises SandboxError when something that it needs is gone."""
        return self._launches.spec(self.engine, attempt)

    def place_of(self, attempt: AttemptKey) -> tuple[Deployment, Path, User | None]:
        """The deployment, the environment and the user of an attempt. Raises NotFound, Refused."""
        return self._launches.place_of(self.engine, attempt)

    def wanted(self, attempt: AttemptKey) -> Wanted:
        """Which files of an attempt are to be kept."""
        return self._launches.wanted(self.engine, attempt)

    def abroad(self, attempt: AttemptKey) -> Abroad | None:
        """How an attempt is ended that is not on this machine."""
        return self._launches.abroad(self.engine, attempt)

    def lookup_of(self, wanted: ItemsWanted) -> LookUp:
        """How to find the items that a decision wants to know of."""
        return self._launches.lookup_of(self.engine, wanted)

    def explain(self, tasks: Sequence[TaskKey]) -> dict[TaskKey, str]:
        """What those of these tasks that have not begun wait for now."""
        said = {task: self.engine.explain(task) for task in tasks}
        return {task: sentence for task, sentence in said.items() if sentence is not None}

    def upcoming(self, limit: int, until: datetime, project: ProjectId | None) -> tuple[Occurrence, ...]:
        """What is due next on the machine, or in a project; without jobs that have had all their runs."""
        return self.agenda.upcoming(limit, until, project, self.engine.is_spent)

    def next_of(self, project: ProjectId, job: JobId) -> datetime | None:
        """When a job is due next, None when its schedule is spent. Callable from any thread."""
        return None if self.engine.is_spent(project, job) else self.agenda.next_of(project, job)
