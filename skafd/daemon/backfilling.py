"""Makes the runs of backfills, so many at a time. What was asked for and how far it is are on disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from skafd.model.decisions import Decisions, RunRequested
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.run import Cause, CauseKind
from skafd.model.states import RunState
from skafd.store import Writer
from skafd.store.backfills import Backfill


@dataclass(slots=True)
class _Open:
    project: ProjectId
    job: JobId
    only: bool
    parallel: int
    remaining: deque[datetime]
    parameters: Mapping[datetime, tuple[tuple[str, str], ...]]
    runs: set[RunKey] = field(default_factory=set)


class Backfilling:
    """Owned by the orchestrator's thread."""

    def __init__(self, backfills: Iterable[Backfill] = ()) -> None:
        self._open: dict[int, _Open] = {}
        for backfill in backfills:
            self.add(backfill)

    @property
    def has_room(self) -> bool:
        """Whether another run is to be made now."""
        return any(len(one.runs) < one.parallel for one in self._open.values())

    def add(self, backfill: Backfill) -> None:
        """Takes one on that has runs to be made."""
        running = {RunKey(backfill.project, run.number) for run in backfill.runs if run.state is RunState.RUNNING}
        self._open[backfill.id] = _Open(
            backfill.project,
            backfill.job,
            backfill.only,
            backfill.parallel,
            deque(backfill.remaining),
            backfill.parameters,
            running,
        )

    def drop(self, number: int) -> None:
        """Makes no more runs of it; one that is not open is no error."""
        self._open.pop(number, None)

    def take(self, writer: Writer) -> list[RunRequested]:
        """The runs that are to be made now; notes that they were asked for."""
        requests = []
        for number, one in self._open.items():
            for _ in range(min(one.parallel - len(one.runs), len(one.remaining))):
                writer.count_backfill_run(number)
                instant = one.remaining.popleft()
                cause = Cause(CauseKind.BACKFILL, instant, str(number))
                given = one.parameters.get(instant, ())
                requests.append(RunRequested(one.project, cause, (one.job,), one.only, given))
        return requests

    def follow(self, decisions: Decisions) -> None:
        """Counts the runs that have begun and those that have ended."""
        if not self._open:
            return
        for run in decisions.new_runs:
            if run.cause.kind is CauseKind.BACKFILL and (one := self._open.get(int(run.cause.detail))):
                one.runs.add(run.key)
        ended = {ended.run for ended in decisions.ended_runs}
        for number, one in list(self._open.items()):
            one.runs -= ended
            if not one.remaining:
                del self._open[number]
