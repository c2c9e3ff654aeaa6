"""What a simulated machine has, and who holds how much of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from skafd.model.ids import AttemptKey
from skafd.model.limits import Capacity
from skafd.model.project import Job
from tests.support.simulated.projects import OWN_POOL


class Held(NamedTuple):
    """What an attempt reserves of the machine, at most all of it."""

    millicores: int
    memory_bytes: int
    gpu: int
    pools: tuple[str, ...]


_NOTHING = Held(0, 0, 0, ())


@dataclass(slots=True)
class Holding:
    """Never more is held than there is."""

    capacity: Capacity
    places: dict[str, int]
    """Of each pool, by its name; those of projects with the project before."""
    alive: dict[AttemptKey, Held] = field(default_factory=dict)
    _used: Held = _NOTHING
    """The sum of what is alive, kept up to date; counted anew now and then."""
    _taken: Counter[str] = field(default_factory=Counter)
    _devices: dict[AttemptKey, tuple[int, ...]] = field(default_factory=dict)
    _is_settled: bool = False
    """It was seen that whoever waits has to, and nothing has changed since."""

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

    def places_of(self, pool: str) -> int:
        """One that nobody set has one place."""
        return self.places.get(pool, 2 if pool.endswith(f"/{OWN_POOL}") else 1)

    def _recount_held(self) -> None:
        held = self.alive.values()
        sums = sum(one.millicores for one in held), sum(one.memory_bytes for one in held), sum(one.gpu for one in held)
        assert self._used[:3] == sums
        assert +self._taken == Counter(name for one in held for name in one.pools)

    def _check_limits(self, launched: Iterable[Held]) -> None:
        """After these began."""
        used, capacity = self._used, self.capacity
        assert len(self.alive) <= capacity.tasks
        assert used.millicores <= capacity.cpu * 1000
        assert used.memory_bytes <= capacity.memory_bytes
        for needs in launched:
            for name in needs.pools:
                assert self._taken[name] <= self.places_of(name), f"pool {name} is too full"

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
        self._is_settled = False
        used = self._used
        self._used = Held(used[0] + sign * needs[0], used[1] + sign * needs[1], used[2] + sign * needs[2], ())
        for name in needs.pools:
            self._taken[name] += sign
