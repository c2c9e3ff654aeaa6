"""Which jobs of what is live wait for which events from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from skafd.model.decisions import Happened
from skafd.model.deployment import Deployment
from skafd.model.ids import JobId, ProjectId
from skafd.model.project import Project, Trigger, TriggerKind

_OF_ONE_PROJECT = (TriggerKind.FILE, TriggerKind.WEBHOOK)
_Key = tuple[TriggerKind, ProjectId | None, str]


class Listeners:
    """An index by kind and name; the names of files and webhooks are those of one project."""

    def __init__(self) -> None:
        self._listening: dict[_Key, dict[tuple[ProjectId, JobId], tuple[Trigger, ...]]] = {}
        self._keys: dict[ProjectId, tuple[_Key, ...]] = {}

    def put(self, deployment: Deployment) -> None:
        """The jobs of this deployment wait, in place of those of the project's last one."""
        self.remove(deployment.project)
        keys = []
        for job in deployment.config.jobs:
            for trigger in job.triggers:
                key = _key(trigger.kind, deployment.project, trigger.name)
                waiting = self._listening.setdefault(key, {})
                waiting[deployment.project, job.id] = (*waiting.get((deployment.project, job.id), ()), trigger)
                keys.append(key)
        self._keys[deployment.project] = tuple(keys)

    def remove(self, project: ProjectId) -> None:
        """Nobody of the project waits any more."""
        for key in self._keys.pop(project, ()):
            waiting = self._listening.get(key, {})
            for one in [one for one in waiting if one[0] == project]:
                del waiting[one]
            if not waiting:
                self._listening.pop(key, None)

    def of(self, event: Happened) -> dict[ProjectId, dict[JobId, tuple[Trigger, ...]]]:
        """Who waits for this event, by project, and by which of the job's triggers."""
        found: dict[ProjectId, dict[JobId, tuple[Trigger, ...]]] = {}
        for name in (event.name, *event.aliases):
            for (project, job), triggers in self._listening.get(_key(event.kind, event.project, name), {}).items():
                jobs = found.setdefault(project, {})
                jobs[job] = (*jobs.get(job, ()), *triggers)
        return found

    @property
    def is_empty(self) -> bool:
        """Nobody waits for anything."""
        return not self._listening

    def has_any(self, kind: TriggerKind, names: Iterable[str]) -> bool:
        """Whether anybody waits for one of these names, of no particular project."""
        return any((kind, None, name) in self._listening for name in names)


def _key(kind: TriggerKind, project: ProjectId | None, name: str) -> _Key:
    return kind, project if kind in _OF_ONE_PROJECT else None, name


def triggers_of(config: Project, kind: TriggerKind) -> Iterator[tuple[JobId, Trigger]]:
    """What the jobs of a config wait for, of one kind."""
    for job in config.jobs:
        for trigger in job.triggers:
            if trigger.kind is kind:
                yield job.id, trigger
