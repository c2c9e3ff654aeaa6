"""Backfills as a database would hold them: each instant gets one run, so many at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from skafd.model.run import CauseKind, Run
from skafd.model.states import RunState
from skafd.store.backfills import Backfill, BackfillRun


@dataclass(slots=True)
class Backfills:
    """Those that were asked for, by their numbers."""

    asked: dict[int, Backfill] = field(default_factory=dict)
    _had: set[tuple[int, datetime]] = field(default_factory=set)
    _open: Counter[int] = field(default_factory=Counter)

    def add(self, backfill: Backfill) -> None:
        """One is asked for."""
        self.asked[backfill.id] = backfill

    def cancel(self, number: int, now: datetime) -> None:
        """No more runs of it are to be made."""
        self.asked[number] = replace(self.asked[number], cancelled_at=now, remaining=())

    def count(self, numbers: Sequence[int]) -> None:
        """So many times a run of each was asked for."""
        for number in numbers:
            one = self.asked[number]
            assert one.remaining, "nothing of it is left to be run"
            self.asked[number] = replace(one, remaining=one.remaining[1:])

    def begin_run(self, run: Run) -> None:
        """A run of one: its instant had none, and there are not too many at once."""
        number, instant = int(run.cause.detail), run.cause.instant
        one = self.asked[number]
        assert instant is not None and instant in one.instants and one.cancelled_at is None
        assert run.parameters == one.parameters.get(instant, ()), "it is given what its schedule gives"
        assert (number, instant) not in self._had, f"{instant} had its run of backfill {number}"
        self._had.add((number, instant))
        self._open[number] += 1
        assert self._open[number] <= one.parallel, f"backfill {number} has too many runs"
        self.asked[number] = replace(one, runs=(*one.runs, BackfillRun(run.key.number, instant, RunState.RUNNING)))

    def end_run(self, run: Run) -> None:
        """A run has ended, perhaps one of a backfill."""
        if run.cause.kind is not CauseKind.BACKFILL:
            return
        number = int(run.cause.detail)
        self._open[number] -= 1
        one = self.asked[number]
        runs = tuple(known for known in one.runs if known.number != run.key.number)
        self.asked[number] = replace(one, runs=runs)

    def unfinished(self) -> list[Backfill]:
        """Those of which runs are to be made."""
        return [one for one in self.asked.values() if one.remaining]
