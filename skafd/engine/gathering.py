"""Events that a job keeps until others have come, too: `on: {all: [...]}`.

Of each event that is named the newest counts. When one of each has come, a run is made and the wait begins anew. One
that came longer before another than `within` allows counts no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from skafd.model.decisions import Gathered
from skafd.model.ids import JobId, ProjectId
from skafd.model.project import Project

_Set = tuple[ProjectId, JobId, str]


class Gathering:
    """What has come of each set of events, by what names them."""

    def __init__(self) -> None:
        self._kept: dict[_Set, dict[str, Gathered]] = {}

    def put(self, gathered: Gathered) -> Gathered | None:
        """Keeps an event; returns the one whose place it takes."""
        kept = self._kept.setdefault(_set_of(gathered), {})
        before = kept.pop(gathered.member, None)
        kept[gathered.member] = gathered
        return before

    def take_late(self, gathered: Gathered, within_seconds: float) -> list[Gathered]:
        """Takes out what came so much earlier than this one."""
        kept = self._kept.get(_set_of(gathered), {})
        oldest = gathered.at - timedelta(seconds=within_seconds)
        late = [one for one in kept.values() if one.at < oldest]
        for one in late:
            del kept[one.member]
        return late

    def take_complete(self, gathered: Gathered, members: Iterable[str]) -> list[Gathered]:
        """Takes out all of them, oldest first, if there is one of each; else none."""
        kept = self._kept.get(_set_of(gathered), {})
        if not set(members) <= kept.keys():
            return []
        del self._kept[_set_of(gathered)]
        return sorted(kept.values(), key=lambda one: one.heard.number)

    def take_other(self, project: ProjectId, config: Project | None) -> list[Gathered]:
        """Takes out what no job of the project waits for any more."""
        wanted = {(job.id, one.together) for job in config.jobs for one in job.triggers} if config else set()
        gone = [key for key in self._kept if key[0] == project and key[1:] not in wanted]
        return [one for key in gone for one in self._kept.pop(key).values()]

    def move(self, stepped: timedelta) -> None:
        """The clock was set: what came was so long ago as before."""
        self._change(lambda at: at + stepped)

    def distrust_future(self, now: datetime) -> None:
        """Nothing has come later than now: the clock was set back while nobody was looking."""
        self._change(lambda at: min(at, now))

    def _change(self, changed: Callable[[datetime], datetime]) -> None:
        for kept in self._kept.values():
            kept.update({member: replace(one, at=changed(one.at)) for member, one in kept.items()})


def _set_of(gathered: Gathered) -> _Set:
    return gathered.project, gathered.job, gathered.together
