"""From files that arrive to events: each is remembered in the transaction of the runs that it sets off."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from skafd import clock
from skafd.daemon.orchestrator import Orchestrator
from skafd.engine.listeners import triggers_of
from skafd.inbox.arrivals import Arrivals
from skafd.inbox.pattern import Pattern
from skafd.inbox.watcher import Inbox, InboxWatcher
from skafd.machine.accounts import Accounts
from skafd.model.decisions import Event, Happened
from skafd.model.ids import ProjectId
from skafd.model.owner import Owner
from skafd.model.project import Project, RunAs, Trigger, TriggerKind
from skafd.sandbox.acting_as import acting_as
from skafd.store import Database, Purpose, Writer
from skafd.store.views import ProjectRow

MOST_AT_ONCE = 200
"""Files that are told in one transaction."""
_MOST_IN_A_BATCH = 1000
_LARGEST_BATCH_BYTES = 96 * 1024
"""What a variable of the environment may hold is little more."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    folder: Path
    name: str
    stable_seconds: float
    is_batch: bool
    run_as: RunAs
    owner: Owner | None


class Inboxes:
    """Follows what is live. Methods may be called from any thread but the orchestrator's."""

    def __init__(self, database: Database, orchestrator: Orchestrator, accounts: Accounts) -> None:
        self._database = database
        self._orchestrator = orchestrator
        self._accounts = accounts
        self._waiting: dict[tuple[ProjectId, str], _Waiting] = {}
        self._watcher = InboxWatcher(self._tell)

    def resume(self) -> None:
        """Waits for all that live projects wait for; what came while nobody was there is found at once."""
        with self._database.reader() as reader:
            rows = {row.id: row for row in reader.projects()}
            live = reader.live_deployments()
        for deployment in live:
            self.follow(rows[deployment.project], deployment.config)

    def follow(self, row: ProjectRow, config: Project) -> None:
        """The project has gone live with this config."""
        wanted = {(row.id, one.name): one for one in _waiting_of(row, config)}
        # A folder is one project: what was in it before with another identity is gone.
        of_folder = [key for key, one in self._waiting.items() if row.id == key[0] or row.path == one.folder]
        gone = [key for key in of_folder if key not in wanted]
        for key in gone:
            del self._waiting[key]
            self._watcher.remove(key)
        for key, one in wanted.items():
            if self._waiting.get(key) != one:
                self._waiting[key] = one
                self._put(key, one)

    def close(self) -> None:
        """Looks no more."""
        self._watcher.close()

    def _put(self, key: tuple[ProjectId, str], one: _Waiting) -> None:
        with self._database.reader() as reader:
            told = reader.arrived_files(*key)
        arrivals = Arrivals(one.stable_seconds, told, one.is_batch)
        self._watcher.put(Inbox(key, Pattern.of(one.name, one.folder), arrivals, partial(self._rights, one)))

    def _rights(self, one: _Waiting) -> AbstractContextManager[None]:
        """Those of whom its jobs run as: nobody is told of files that they may not see."""
        return acting_as(self._accounts.of(one.folder, one.run_as, one.owner).user)

    def _tell(self, key: Hashable, files: Mapping[str, str]) -> None:
        """Raises StoreError, DaemonUnreachable: then they are told again, and those that were written are no news."""
        found = [(known[0], one) for known, one in list(self._waiting.items()) if known == key]
        for project, waiting in found:
            self._tell_all(project, waiting, files)

    def _tell_all(self, project: ProjectId, waiting: _Waiting, files: Mapping[str, str]) -> None:
        remaining = iter(sorted(files.items()))
        most = _MOST_IN_A_BATCH if waiting.is_batch else MOST_AT_ONCE
        while some := dict(islice(remaining, most)):
            self._tell_some(project, waiting, some)

    def _tell_some(self, project: ProjectId, waiting: _Waiting, files: Mapping[str, str]) -> None:
        def prepare(writer: Writer) -> Sequence[Event]:
            news = writer.take_arrived(project, waiting.name, files, clock.now())
            return [_event(project, waiting, paths) for paths in _split(news, waiting.is_batch)]

        self._orchestrator.mailbox.put(prepare, Purpose.EVENT).result()


def _waiting_of(row: ProjectRow, config: Project) -> Iterator[_Waiting]:
    """Jobs of a project that wait for the same pattern share its events; the most patient says for how long."""
    by_name: dict[str, list[Trigger]] = {}
    for _, trigger in triggers_of(config, TriggerKind.FILE):
        by_name.setdefault(trigger.name, []).append(trigger)
    for name, triggers in by_name.items():
        stable_seconds = max(trigger.stable_seconds for trigger in triggers)
        is_batch = all(trigger.is_batch for trigger in triggers)
        yield _Waiting(row.path, name, stable_seconds, is_batch, config.run_as, row.owner)


def _split(paths: Sequence[str], is_batch: bool) -> Iterator[tuple[str, ...]]:
    """One by one, or as many as a job can be told at once."""
    together: list[str] = []
    size = 0
    for path in paths:
        length = len(json.dumps(path, ensure_ascii=False).encode()) + 2
        if together and (not is_batch or size + length > _LARGEST_BATCH_BYTES):
            yield tuple(together)
            together, size = [], 0
        together.append(path)
        size += length
    if together:
        yield tuple(together)


def _event(project: ProjectId, waiting: _Waiting, paths: tuple[str, ...]) -> Happened:
    names = json.dumps(paths, ensure_ascii=False)
    one = (("file", paths[0]),) if not waiting.is_batch else ()
    return Happened(
        TriggerKind.FILE,
        waiting.name,
        project,
        detail=_shown(paths[0], waiting.folder) if len(paths) == 1 else f"{len(paths)} files of {waiting.name}",
        facts=(*((name.upper(), path) for name, path in one), ("FILES", names)),
        parameters=(*one, ("files", names)),
    )


def _shown(path: str, folder: Path) -> str:
    inside = Path(path)
    return str(inside.relative_to(folder)) if inside.is_relative_to(folder) else path
