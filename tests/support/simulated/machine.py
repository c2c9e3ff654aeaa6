"""Who waits for a simulated machine, in which order, and whose turn it is."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from skafd.model.ids import TaskKey
from tests.support.simulated.holding import Held, Holding

_PATIENCE = timedelta(seconds=60)
_SECONDS_PER_POINT = 60.0
_ROUNDING_SECONDS = 1e-6


class Waiting(NamedTuple):
    """Where a task stands: each point of priority counts as a minute of waiting."""

    order: float
    task: TaskKey
    needs: Held
    since: datetime


@dataclass(slots=True)
class Machine(Holding):
    """Nobody is passed by for longer than its patience."""

    queue: list[Waiting] = field(default_factory=list)
    """Those that are to go first, first."""
    _standing: dict[TaskKey, Waiting] = field(default_factory=dict)
    _slack_seconds: float = _ROUNDING_SECONDS
    """By so much who came later may seem to have come sooner."""

    def wait(self, task: TaskKey, needs: Held, priority: int, since: datetime) -> None:
        """A task is queued."""
        standing = Waiting(since.timestamp() - priority * _SECONDS_PER_POINT, task, needs, since)
        self._standing[task] = standing
        insort(self.queue, standing)
        self._is_settled = False

    def leave(self, task: TaskKey) -> Waiting:
        """A task is in the queue no more."""
        standing = self._standing.pop(task)
        del self.queue[bisect_left(self.queue, standing)]
        self._is_settled = False
        return standing

    def move(self, moved: Callable[[datetime], datetime]) -> None:
        """The clock was set: who waits has waited as long as before, or not since later than now."""
        for one in list(self.queue):
            since = moved(one.since)
            order = one.order + (since - one.since).total_seconds()
            self._standing[one.task] = one._replace(order=order, since=since)
        self.queue = sorted(self._standing.values())
        self._is_settled = False

    def set_back_unnoticed(self, seconds: float) -> None:
        """The clock was set back so little that nobody moves the queue: it no longer tells who came first."""
        self._slack_seconds += seconds

    def check(self, launched: Sequence[Waiting], now: datetime) -> None:
        """After a turn in which these began: they fit, and it was their turn. Where none began, nobody takes more."""
        if not launched:
            return
        self._check_limits(one.needs for one in launched)
        if self.queue:
            self._check_order(launched, now)

    def check_idle(self) -> None:
        """Nobody waits for a machine on which nothing runs."""
        assert self.alive or not self.queue, f"{self.queue[0]} waits, and nothing runs"

    def check_room(self, now: datetime) -> None:
        """Nobody waits for whom there is room, unless one before it has waited for so long that nobody passes it.

        Not asked again while nothing has changed: time alone only makes more of them impatient, so it stays true. Where
        the clock went back too little to be noticed, who was impatient stays so until then.
        """
        if self._is_settled:
            return
        if len(self.alive) < self.capacity.tasks:
            found = self._find_overlooked(now)
            assert found is None, f"{found} waits though there is room for it"
        self._is_settled = True

    def recount(self) -> None:
        """What is kept up to date is what it is by counting."""
        self._recount_held()
        assert len(self.queue) == len(self._standing)

    def _find_overlooked(self, now: datetime) -> Waiting | None:
        found: Waiting | None = None
        needs: Held | None = None
        is_blocked = fits = False
        for one in self.queue:
            if found is not None and one.order > found.order + self._slack_seconds:
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

    def _check_order(self, launched: Sequence[Waiting], now: datetime) -> None:
        last, slack = max(launched), self._slack_seconds
        patience = _PATIENCE + timedelta(seconds=slack)
        of_needs = {one.needs: one for one in sorted(launched)}.values()  # The others of the same needs were sooner.
        for waiting in self.queue:
            if waiting.order >= last.order - slack:
                return
            if waiting.since == now:
                continue  # It may have come after them, in the same turn.
            for one in of_needs:
                if one.order > waiting.order + slack and not self._is_blocked(waiting.needs, one.needs):
                    assert not self._fits(waiting.needs, one.needs), f"{one} went before {waiting}, which fits"
                    assert now - waiting.since < patience, f"{one} went before {waiting}, which has waited enough"
