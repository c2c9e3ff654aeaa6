"""What a simulated machine has, who holds how much of it, and who waits for it in which order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from skafd.model.ids import AttemptKey, TaskKey
from skafd.model.limits import Capacity
from skafd.model.project import Job
from tests.support.simulated.projects import OWN_POOL

_PATIENCE = timedelta(seconds=60)
_SECONDS_PER_POINT = 60.0
_ROUNDING = 1e-6


class Held(NamedTuple):
    """What an attempt reserves of the machine, at most all of it."""

    millicores: int
    memory_bytes: int
    gpu: int
    pools: tuple[str, ...]


_NOTHING = Held(0, 0, 0, ())


class Waiting(NamedTuple):
    """Where a task stands: each point of priority counts as a minute of waiting."""

    order: float
    task: TaskKey
    needs: Held
    since: datetime


@dataclass(slots=True)
class Machine:
    """Never more is held than there is, and nobody is passed by for longer than its patience."""

    capacity: Capacity
    places: dict[str, int]
    """Of each pool, by its name; those of projects with the project before."""
    alive: dict[AttemptKey, Held] = field(default_factory=dict)
    queue: list[Waiting] = field(default_factory=list)
    """Those that are to go first, first."""
    _used: Held = _NOTHING
    """The sum of what is alive, kept up to date; counted anew now and then."""
    _taken: Counter[str] = field(default_factory=Counter)
    _devices: dict[AttemptKey, tuple[int, ...]] = field(default_factory=dict)
    _settled_at: datetime | None = None
    """When it was seen that whoever waits has to; None where anything has changed since."""
    _standing: dict[TaskKey, Waiting] = field(default_factory=dict)

    def needs(self, job: Job, owner: str, own_pools: Sequence[str], memory_bytes: int | None) -> Held:
        """What a task of a job reserves; its memory may have grown."""
        limits = job.resources.limits
        memory = max(limits.memory_bytes or 0, memory_bytes or 0)
        return Held(
            round(min(limits.cpu or 0, self.capacity.cpu) * 1000),
            min(memory, self.capacity.memory_bytes),
            min(limits.gpu, self.capacity.gpu),
            tuple(f"{owner}/{name}" if name in own_pools else name for name in job.pools),
        )

    def wait(self, task: TaskKey, needs: Held, priority: int, since: datetime) -> None:
        """A task is queued."""
        standing = Waiting(since.timestamp() - priority * _SECONDS_PER_POINT, task, needs, since)
        self._standing[task] = standing
        insort(self.queue, standing)
        self._settled_at = None

    def leave(self, task: TaskKey) -> Waiting:
        """A task is in the queue no more."""
        standing = self._standing.pop(task)
        del self.queue[bisect_left(self.queue, standing)]
        self._settled_at = None
        return standing

    def move(self, moved: Callable[[datetime], datetime]) -> None:
        """The clock was set: who waits has waited as long as before, or not since later than now."""
        for one in list(self.queue):
            since = moved(one.since)
            order = one.order + (since - one.since).total_seconds()
            self._standing[one.task] = one._replace(order=order, since=since)
        self.queue = sorted(self._standing.values())
        self._settled_at = None

    def hold(self, attempt: AttemptKey, needs: Held, gpus: tuple[int, ...]) -> None:
        """An attempt begins."""
        assert attempt not in self.alive, "an attempt begins once"
        assert len(gpus) == needs.gpu and not set(gpus) & self._busy_devices(), f"{attempt} got the devices {gpus}"
        self.alive[attempt] = needs
        self._count(needs, 1)
        if gpus:
            self._devices[attempt] = gpus

    def release(self, attempt: AttemptKey) -> None:
        """An attempt has ended."""
        self._count(self.alive.pop(attempt), -1)
        self._devices.pop(attempt, None)

    def check(self, launched: Sequence[Waiting], now: datetime) -> None:
        """After a turn in which these began: they fit, and it was their turn. Where none began, nobody takes more."""
        if not launched:
            return
        used, capacity = self._used, self.capacity
        assert len(self.alive) <= capacity.tasks
        assert used.millicores <= capacity.cpu * 1000
        assert used.memory_bytes <= capacity.memory_bytes
        for one in launched:
            for name in one.needs.pools:
                assert self._taken[name] <= self.places_of(name), f"pool {name} is too full"
        if self.queue:
            self._check_order(launched, now)

    def check_idle(self) -> None:
        """Nobody waits for a machine on which nothing runs."""
        assert self.alive or not self.queue, f"{self.queue[0]} waits, and nothing runs"

    def check_room(self, now: datetime) -> None:
        """Nobody waits for whom there is room, unless one before it has waited for so long that nobody passes it.

        Not asked again while nothing has changed: time alone only makes more of them impatient, so it stays true.
        """
        if self._settled_at is not None and self._settled_at <= now:
            return
        if len(self.alive) < self.capacity.tasks:
            found = self._find_overlooked(now)
            assert found is None, f"{found} waits though there is room for it"
        self._settled_at = now

    def _find_overlooked(self, now: datetime) -> Waiting | None:
        found: Waiting | None = None
        needs: Held | None = None
        is_blocked = fits = False
        for one in self.queue:
            if found is not None and one.order > found.order + _ROUNDING:
                return found
            if one.needs is not needs:  # Instances of a job stand together, and need the same.
                needs = one.needs
                is_blocked, fits = self._is_blocked(needs, None), self._fits(needs, None)
            if is_blocked:
                continue
            if fits:
                found = found or one
            elif now - one.since >= _PATIENCE:
                return None
        return found

    def recount(self) -> None:
        """What is kept up to date is what it is by counting."""
        held = self.alive.values()
        sums = sum(one.millicores for one in held), sum(one.memory_bytes for one in held), sum(one.gpu for one in held)
        assert self._used[:3] == sums
        assert +self._taken == Counter(name for one in held for name in one.pools)
        assert len(self.queue) == len(self._standing)

    def places_of(self, pool: str) -> int:
        """One that nobody set has one place."""
        return self.places.get(pool, 2 if pool.endswith(f"/{OWN_POOL}") else 1)

    def _check_order(self, launched: Sequence[Waiting], now: datetime) -> None:
        last = max(launched)
        of_needs = {one.needs: one for one in sorted(launched)}.values()  # The others of the same needs were sooner.
        for waiting in self.queue:
            if waiting.order >= last.order - _ROUNDING:
                return
            if waiting.since == now:
                continue  # It may have come after them, in the same turn.
            for one in of_needs:
                if one.order > waiting.order + _ROUNDING and not self._is_blocked(waiting.needs, one.needs):
                    assert not self._fits(waiting.needs, one.needs), f"{one} went before {waiting}, which fits"
                    assert now - waiting.since < _PATIENCE, f"{one} went before {waiting}, which has waited enough"

    def _is_blocked(self, needs: Held, without: Held | None) -> bool:
        """A pool of it is full, also if one of the others had not begun."""
        if not needs.pools:
            return False
        given_back = without.pools if without else ()
        return any(self._taken.get(name, 0) - (name in given_back) >= self.places_of(name) for name in needs.pools)

    def _fits(self, needs: Held, without: Held | None) -> bool:
        """There is room for it, if one of the others had not begun."""
        more = without or _NOTHING
        return (
            needs.millicores <= self.capacity.cpu * 1000 - self._used.millicores + more.millicores
            and needs.memory_bytes <= self.capacity.memory_bytes - self._used.memory_bytes + more.memory_bytes
            and needs.gpu <= self.capacity.gpu - self._used.gpu + more.gpu
        )

    def _busy_devices(self) -> set[int]:
        return {device for devices in self._devices.values() for device in devices}

    def _count(self, needs: Held, sign: int) -> None:
        self._settled_at = None
        used = self._used
        self._used = Held(used[0] + sign * needs[0], used[1] + sign * needs[1], used[2] + sign * needs[2], ())
        for name in needs.pools:
            self._taken[name] += sign
