"""Events: each is heeded once by whoever waits for it, and sets of them are complete exactly once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from skafd.model.decisions import Completed, Decisions, Gathered, Happened
from skafd.model.deployment import Deployment
from skafd.model.ids import JobId, ProjectId
from skafd.model.project import Trigger, TriggerKind
from skafd.model.run import CauseKind

if TYPE_CHECKING:
    from tests.support.simulated.tables import Tables

_Set = tuple[ProjectId, JobId, str]


@dataclass(slots=True)
class Events:
    """Who waits for what, and what is kept for sets of events that are not complete."""

    kept: dict[_Set, dict[int, Gathered]] = field(default_factory=dict)
    _waiting: dict[ProjectId, list[tuple[JobId, Trigger]]] = field(default_factory=dict)
    _is_new: set[ProjectId] = field(default_factory=set)
    """Projects that went live, or went, since the last write: old and new may have heard of an event."""

    def deploy(self, deployment: Deployment) -> None:
        """Other jobs of a project wait from now on."""
        jobs = deployment.config.jobs
        self._waiting[deployment.project] = [(job.id, trigger) for job in jobs for trigger in job.triggers]
        self._is_new.add(deployment.project)

    def forget(self, project: ProjectId) -> None:
        """No job of the project waits any more."""
        del self._waiting[project]
        self._is_new.add(project)

    def move(self, stepped: timedelta) -> None:
        """The clock was set."""
        for one in self.kept.values():
            one.update({number: replace(known, at=known.at + stepped) for number, known in one.items()})

    def all_kept(self) -> list[Gathered]:
        """What a database would hold of them, oldest first."""
        return sorted((one for ones in self.kept.values() for one in ones.values()), key=lambda one: one.heard.number)

    def write(self, tables: Tables, decisions: Decisions) -> None:
        """One transaction."""
        for unheeded in decisions.unheeded:
            assert unheeded.cause, "who lets an event pass says why"
        answers = _answers(decisions)
        refused = {(one.event, one.project, one.job) for one in decisions.unheeded if not one.together}
        for heard in decisions.heard:
            for project, job, together in self._waiting_for(heard.event):
                is_refused = (heard.number, project, job) in refused
                answer = answers[heard.number, project, job, together]
                answer = max(answer, is_refused) if together else answer + is_refused
                assert answer == 1 or project in self._is_new, f"{answer} times {heard} for {project} {job} {together}"
        self._keep(tables, decisions)
        self._is_new.clear()

    def _keep(self, tables: Tables, decisions: Decisions) -> None:
        touched: set[_Set] = set()
        for one in decisions.gathered:
            touched.add((one.project, one.job, one.together))
            assert not {(one.project, None), (one.project, one.job)} & tables.paused
            ones = self.kept.setdefault((one.project, one.job, one.together), {})
            assert one.heard.number not in ones
            ones[one.heard.number] = one
        for passed in decisions.unheeded:
            if passed.together:
                del self.kept[passed.project, passed.job, passed.together][passed.event]
        for completed in decisions.completed:
            self._complete(tables, completed)
        for place in touched:
            self._check_rest(place)

    def _complete(self, tables: Tables, completed: Completed) -> None:
        place = (completed.project, completed.job, completed.together)
        gathered = [self.kept[place].pop(number) for number in completed.events]
        triggers = self._triggers(place)
        assert sorted(one.member for one in gathered) == sorted(one.label for one in triggers), "one of each has come"
        within_seconds = triggers[0].within_seconds
        instants = [one.at for one in gathered]
        if within_seconds is not None:
            assert max(instants) - min(instants) <= timedelta(seconds=within_seconds), "they came too far apart"
        run = tables.runs.get(completed.run) or next(one for one in tables.ended if one.run.key == completed.run)
        event = run.run.cause.event
        assert event is not None and event.number == max(completed.events), "the last of them sets it off"
        assert completed.job in run.shares
        tables.counts["complete sets"] += 1

    def _check_rest(self, place: _Set) -> None:
        """What is left of a set waits rightly: no two of a kind, none too old, not all of them."""
        ones = list(self.kept[place].values())
        members = {one.member for one in ones}
        assert len(members) == len(ones), "of each event the newest counts"
        triggers = self._triggers(place)
        assert members < {one.label for one in triggers} or not triggers, "a set is complete and nothing follows"
        if len(ones) > 1 and triggers[0].within_seconds is not None:
            instants = [one.at for one in ones]
            assert max(instants) - min(instants) <= timedelta(seconds=triggers[0].within_seconds)

    def _triggers(self, place: _Set) -> list[Trigger]:
        project, job, together = place
        waiting = self._waiting.get(project, ())
        return [trigger for one, trigger in waiting if one == job and trigger.together == together]

    def _waiting_for(self, event: Happened) -> Iterator[tuple[ProjectId, JobId, str]]:
        """Who waits: for it alone, or for it in a set; whoever waits for it alone keeps it for no set."""
        names = {event.name, *event.aliases}
        for project, triggers in self._waiting.items():
            if event.kind in (TriggerKind.FILE, TriggerKind.WEBHOOK) and project != event.project:
                continue
            jobs: defaultdict[JobId, set[str]] = defaultdict(set)
            for job, trigger in triggers:
                if trigger.kind is event.kind and trigger.name in names:
                    jobs[job].add(trigger.together)
            for job, sets in jobs.items():
                for together in [""] if "" in sets else sorted(sets):
                    yield project, job, together


def _answers(decisions: Decisions) -> Counter[tuple[int, ProjectId, JobId, str]]:
    """How often each event was heeded, kept or refused by each job that waits for it."""
    found: Counter[tuple[int, ProjectId, JobId, str]] = Counter()
    completed = {(one.run, one.job) for one in decisions.completed}
    for run in decisions.new_runs:
        event = run.cause.event
        if run.cause.kind is CauseKind.EVENT and event is not None:
            for job in dict.fromkeys(task.key.job for task in run.tasks):
                if (run.key, job) not in completed:
                    found[event.number, run.key.project, job, ""] += 1
    for one in decisions.gathered:
        found[one.heard.number, one.project, one.job, one.together] += 1
    return found
