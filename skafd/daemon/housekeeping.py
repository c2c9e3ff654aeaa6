"""Old runs and old deployments go: first their folders, then their rows, in small batches, in a thread of its own."""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from skafd import clock
from skafd.artifacts.content import ContentStore
from skafd.daemon.environment_keeping import EnvironmentKeeping
from skafd.daemon.mailbox import Mailbox
from skafd.daemon.removing import remove_tree
from skafd.daemon.spark.tidying import tidy_spark
from skafd.home import Home
from skafd.model.decisions import Event
from skafd.store import Database, Purpose, Writer
from skafd.store.views import ProjectRow

KEPT_RUNS = 200
"""The newest of each project, whatever their age."""
KEPT_FOR = timedelta(days=30)
"""Runs younger than this are kept too, and what is known of occurrences that were missed."""
MOST_RUNS = 5000
"""No project keeps more than this: a job that runs every minute makes 43,200 in thirty days."""
KEPT_DEPLOYMENTS = 20
"""The newest of each project; besides those what is live, and what a run that has not ended runs on."""

ANSWERS_KEPT_FOR = timedelta(days=1)
"""Jobs ask again for ten minutes."""
CONTENTS_KEPT_SECONDS = 86400.0
"""Before anything refers to it, and after nothing does any more."""

_BATCH = 50
_ENDS_WITHIN_SECONDS = 5.0
_TRASH = ".trash"

log = logging.getLogger("skafd.housekeeping")


class Housekeeping:
    """Whoever ends it in the middle loses nothing: it finds the same runs again, and nothing is left unknown."""

    def __init__(self, home: Home, database: Database, mailbox: Mailbox) -> None:
        self._environments = EnvironmentKeeping(home, database, mailbox)
        self._home = home
        self._database = database
        self._mailbox = mailbox
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Tidies up once, in the background; does nothing while it is still at it."""
        if self._thread is None or not self._thread.is_alive():
            thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)
            thread.start()
            self._thread = thread

    def close(self) -> None:
        """Stops after the present batch. A folder that takes long to remove is not waited for."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_ENDS_WITHIN_SECONDS)

    def _run(self) -> None:
        try:
            self.tidy(clock.now())
        except Exception:
            log.exception("housekeeping goes on tomorrow")

    def tidy(self, now: datetime) -> None:
        """Removes all that is too old by `now`. Raises StoreError, DaemonUnreachable."""
        self._empty_trash()
        with self._database.reader() as reader:
            projects = reader.projects(forgotten=True)
        for project in projects:
            self._remove_runs(project, KEPT_RUNS, now - KEPT_FOR)
            self._remove_runs(project, MOST_RUNS, now)
            self._write(partial(self._remove_records, project, now - KEPT_FOR))
            self._empty_trash()
        self._write(partial(Writer.delete_heard, before=now - KEPT_FOR))
        self._forget_arrived(now - KEPT_FOR)
        self._write(partial(Writer.forget_answers, before=now - ANSWERS_KEPT_FOR))
        self._remove_contents()
        tidy_spark(self._home, now - KEPT_FOR)
        self._environments.collect(dry_run=False)

    def _forget_arrived(self, before: datetime) -> None:
        """Files that are still there are remembered, else they would be news."""
        with self._database.reader() as reader:
            paths = reader.arrived_before(before)
        gone = tuple(path for path in paths if not Path(path).exists())
        if gone:
            self._write(partial(Writer.forget_arrived, paths=gone, before=before))

    def _remove_runs(self, project: ProjectRow, keep: int, ended_before: datetime) -> None:
        while not self._stopping.is_set():
            with self._database.reader() as reader:
                expired = reader.expired_runs(project.id, keep, ended_before, _BATCH)
            folder = self._home.runs / project.slug
            removed = [run.key for run in expired if remove_tree(folder / str(run.key.number))]
            if not removed:
                return
            self._write(partial(Writer.delete_runs, runs=removed))

    def _remove_contents(self) -> None:
        """What no run, no model and nobody's hand refers to any more, and what was begun and never ended."""
        self._write(_forget_artifacts)
        contents = ContentStore(self._home.artifacts)
        old = list(contents.older_than(CONTENTS_KEPT_SECONDS))
        for start in range(0, len(old), _BATCH):
            self._write(partial(_remove_unreferenced, contents, old[start : start + _BATCH]))
        contents.clear_staging(CONTENTS_KEPT_SECONDS)

    def _remove_records(self, project: ProjectRow, before: datetime, writer: Writer) -> None:
        """In the orchestrator's thread, as a release is: nothing can become live while its snapshot is taken out."""
        writer.delete_missed(project.id, before)
        with self._database.reader() as reader:
            expired = frozenset(reader.expired_deployments(project.id, KEPT_DEPLOYMENTS))
            deployments = reader.deployments(project.id)
        kept = {one.snapshot_hash for one in deployments if one.number not in expired}
        for one in deployments:
            if one.number in expired and one.snapshot_hash not in kept:
                self._throw_away(self._home.deployments / project.slug / one.snapshot_hash)
        writer.delete_deployments(project.id, sorted(expired))

    def _throw_away(self, snapshot: Path) -> None:
        """Moves it out of the way, which takes no time; the files go later."""
        if snapshot.is_dir():
            trash = self._home.deployments / _TRASH
            trash.mkdir(mode=0o700, exist_ok=True)
            snapshot.rename(Path(tempfile.mkdtemp(dir=trash)) / snapshot.name)

    def _empty_trash(self) -> None:
        remove_tree(self._home.deployments / _TRASH)

    def _write(self, write: Callable[[Writer], None]) -> None:
        def prepare(writer: Writer) -> list[Event]:
            write(writer)
            return []

        self._mailbox.put(prepare, Purpose.HOUSEKEEPING).result()


def _forget_artifacts(writer: Writer) -> None:
    writer.delete_lost_artifacts()
    writer.delete_older_by_hand()


def _remove_unreferenced(contents: ContentStore, candidates: Sequence[str], writer: Writer) -> None:
    """In the orchestrator's thread, as naming a content is: none gets a name while it is being removed."""
    for sha256 in candidates:
        if not writer.is_referenced(sha256):
            contents.remove_older(sha256, CONTENTS_KEPT_SECONDS)
