"""Which queued tasks may start: what they reserve never exceeds the machine, nor the places of a pool.

Tasks go in the order in which they were queued; each point of priority counts as a minute of waiting, so that nothing
starves. One that does not fit is passed by later ones that do, until it has waited `PATIENCE`; from then on nothing
passes it, so that the machine empties until it fits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count

from skafd.engine.queue import Amounts, Place, Queue
from skafd.model.ids import TaskKey
from skafd.model.limits import Capacity, Limits
from skafd.model.records import record
from skafd.units import format_memory

PATIENCE = timedelta(seconds=60)
SECONDS_PER_POINT = 60.0
Pools = tuple[tuple[str, int], ...]


@record(frozen=True, slots=True)
class Needs:
    """What a task reserves: of the machine, and a place in each of these pools."""

    amounts: Amounts = Amounts()
    pools: Pools = ()


@record(frozen=True, slots=True)
class _Held:
    needs: Needs
    devices: tuple[int, ...]


class Admission:
    """The queue, in one lane per set of pools and priority; in a lane the order is that of arrival."""

    def __init__(self, capacity: Capacity) -> None:
        self._tasks = capacity.tasks
        self._all = Amounts(round(capacity.cpu * 1000), capacity.memory_bytes, capacity.gpu)
        self._machine_pools = dict(capacity.pools)
        self._left = self._all
        """Less than nothing where more is held than there is: the machine became smaller."""
        self._used_places: Counter[str] = Counter()
        self._held: dict[TaskKey, _Held] = {}
        self._lanes: dict[tuple[Pools, int], Queue] = {}
        self._queued: dict[TaskKey, tuple[Pools, int]] = {}
        self._serial = count()
        self._is_changed = False
        self._shortage = ""

    @property
    def memory_bytes(self) -> int:
        """All of the machine's memory."""
        return self._all.memory_bytes

    def needs(self, reserved: Limits, pools: Pools = ()) -> Needs:
        """What to reserve; clamped to the machine, so that a job larger than it runs alone.

        A pool without places of its own is the machine's; one that the machine does not know has one place.
        """
        amounts = Amounts(
            min(round((reserved.cpu or 0) * 1000), self._all.millicores),
            min(reserved.memory_bytes or 0, self._all.memory_bytes),
            min(reserved.gpu, self._all.gpu),
        )
        return Needs(amounts, tuple((name, size or self._machine_pools.get(name, 1)) for name, size in pools))

    def enqueue(self, task: TaskKey, needs: Needs, since: datetime, priority: int = 0) -> None:
        """Puts a task at the end of its lane. Calls are in the order of `since`."""
        order = (since.timestamp() - priority * SECONDS_PER_POINT, next(self._serial))
        lane = (needs.pools, priority)
        if lane not in self._lanes:
            self._lanes[lane] = Queue()
        self._lanes[lane].append(Place(task, needs.amounts, order, since))
        self._queued[task] = lane
        self._is_changed = True

    def withdraw(self, task: TaskKey) -> None:
        """Takes a queued task out."""
        lane = self._queued.pop(task)
        self._lanes[lane].remove(task)
        if not self._lanes[lane]:
            del self._lanes[lane]
        self._is_changed = True

    def hold(self, task: TaskKey, needs: Needs, devices: tuple[int, ...] = ()) -> None:
        """Reserves for a task that is alive: these GPUs, or the first that are free."""
        assigned = devices or tuple(self._free_devices()[: needs.amounts.gpu]) if needs.amounts.gpu else ()
        self._held[task] = _Held(needs, assigned)
        self._left = _plus(self._left, needs.amounts, -1)
        if needs.pools:
            self._used_places.update(name for name, _ in needs.pools)

    def release(self, task: TaskKey) -> None:
        """Gives back what a task held."""
        needs = self._held.pop(task).needs
        self._left = _plus(self._left, needs.amounts, 1)
        if needs.pools:
            self._used_places.subtract(name for name, _ in needs.pools)
        self._is_changed = True

    def devices(self, task: TaskKey) -> tuple[int, ...]:
        """The GPUs that a task holds, by their numbers."""
        return self._held[task].devices

    def close(self, shortage: str) -> None:
        """Lets nobody in for want of this; opens again where nothing is short."""
        self._shortage = shortage
        self._is_changed = True

    def move_queue(self, stepped: timedelta) -> None:
        """The clock was set: who waits has waited as long as before, and stands where it stood."""
        self._move(lambda since: since + stepped)

    def distrust_future(self, now: datetime) -> None:
        """Nobody has waited since later than now: the clock was set back while nobody was looking."""
        self._move(lambda since: min(since, now))

    def admit(self, now: datetime) -> list[TaskKey]:
        """Takes from the queue what may start now, in order, and reserves for it."""
        if self._shortage:
            return []
        admitted: list[TaskKey] = []
        while self._is_changed and len(self._held) < self._tasks:
            found = self._find(now)
            if found is None:
                break
            place, pools = found
            self.withdraw(place.task)
            self.hold(place.task, Needs(place.needs, pools))
            admitted.append(place.task)
        self._is_changed = False
        return admitted

    def explain(self, task: TaskKey) -> str:
        """What a queued task waits for."""
        lane = self._queued[task]
        return self._explain(lane[0], self._lanes[lane].get(task).needs)

    def explain_each(self, tasks: Iterable[TaskKey]) -> Iterator[tuple[TaskKey, str]]:
        """Of those that are queued, what each waits for: found once for all instances of a job."""
        known: dict[tuple[Pools, Amounts], str] = {}
        for task in tasks:
            lane = self._queued.get(task)
            if lane is None:
                continue
            needs = lane[0], self._lanes[lane].get(task).needs
            if needs not in known:
                known[needs] = self._explain(*needs)
            yield task, known[needs]

    def _explain(self, pools: Pools, needs: Amounts) -> str:
        if self._shortage:
            return f"waits for {self._shortage}"
        free = self._free()
        if len(self._held) >= self._tasks:
            return f"waits for one of {self._tasks} running tasks to end"
        for name, size in pools:
            if self._used_places[name] >= size:
                return f"waits for a place in pool '{name.rpartition('/')[2]}', {size} of {size} taken"
        if needs.memory_bytes > free.memory_bytes:
            return f"waits for {format_memory(needs.memory_bytes)} of memory, {format_memory(free.memory_bytes)} free"
        if needs.millicores > free.millicores:
            return f"waits for {needs.millicores / 1000:g} of cpu, {free.millicores / 1000:g} free"
        if needs.gpu > free.gpu:
            return f"waits for {needs.gpu} of gpu, {free.gpu} free"
        return "waits behind a larger task that was queued before it"

    def _find(self, now: datetime) -> tuple[Place, Pools] | None:
        """The task whose turn it is: the first that fits, unless one before it has lost its patience."""
        if not self._lanes:
            return None
        free = self._free()
        best: tuple[Place, Pools] | None = None
        barrier: Place | None = None
        for (pools, _), lane in self._lanes.items():
            if pools and any(self._used_places[name] >= size for name, size in pools):
                continue
            head = lane.head()
            found = head if head is None or _fits(head.needs, free) else lane.first(free)
            if head is not None and head is not found and now - head.since >= PATIENCE:
                barrier = head if barrier is None or head.order < barrier.order else barrier
            if found is not None and (best is None or found.order < best[0].order):
                best = found, pools
        return None if best and barrier and barrier.order < best[0].order else best

    def _move(self, moved: Callable[[datetime], datetime]) -> None:
        for lane in self._lanes.values():
            lane.move(moved)
        self._is_changed = True

    def _free(self) -> Amounts:
        # Never less than nothing: what a task does not need cannot keep it waiting.
        left = self._left
        if min(left) >= 0:
            return left
        return Amounts(max(left[0], 0), max(left[1], 0), max(left[2], 0))

    def _free_devices(self) -> list[int]:
        taken = {device for held in self._held.values() for device in held.devices}
        return [device for device in range(self._all.gpu) if device not in taken]


def _fits(needs: Amounts, free: Amounts) -> bool:
    return needs[0] <= free[0] and needs[1] <= free[1] and needs[2] <= free[2]


def _plus(one: Amounts, other: Amounts, sign: int) -> Amounts:
    return Amounts(one[0] + sign * other[0], one[1] + sign * other[1], one[2] + sign * other[2])
