"""From a settled save to a result: snapshot, config, environment."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from skafd.config import Reading, find_config, load, render
from skafd.deploy.release import Deployable, RefusedDeploy, Result, Stage, Unchanged, may_pass
from skafd.deploy.snapshot import Snapshot, Snapshotter, Staged, discard, discard_leftovers
from skafd.errors import DeployError
from skafd.model.environment import PreparedEnvironments
from skafd.model.ids import JobId
from skafd.model.project import Project
from skafd.threads import Threads

_AT_ONCE = 2
_logger = logging.getLogger(__name__)


class Environments(Protocol):
    """What the pipeline needs of whoever makes environments."""

    def wanted_by(self, folder: Path, snapshot_folder: Path, config: Project) -> str:
        """The same text for all saves that want the same environments. Raises DeployError."""

    def prepare(
        self, folder: Path, snapshot_folder: Path, config: Project, cancelled: threading.Event
    ) -> PreparedEnvironments:
        """Returns when the environments are there; `folder` is the project, for progress. Raises DeployError.

        Gives up soon after `cancelled` is set.
        """


@dataclass(frozen=True, slots=True)
class _Ready:
    slug: str
    config: Project
    snapshot: Snapshot
    reading: Reading


@dataclass(slots=True)
class _Line:
    """The saves of one folder."""

    folder: Path
    snapshotter: Snapshotter
    front: threading.Lock = field(default_factory=threading.Lock)
    """Held from snapshot to config: one save at a time."""
    last_hash: str | None = None
    newest: int = 0
    decided: int = 0
    """The newest save whose config was judged: the ones before it are superseded."""
    builds: dict[int, tuple[str, threading.Event]] = field(default_factory=dict)


Completed = tuple[Project, PreparedEnvironments]
Complete = Callable[[Path, Snapshot, Project, PreparedEnvironments, threading.Event], Completed]
"""Adds to a config what can be found out only in its environments, and further environments that this asks for.

Raises DeployError; gives up soon after the event is set.
"""


@dataclass(frozen=True, slots=True)
class Lack:
    """What a job would not find when it runs."""

    job: JobId
    message: str
    hint: str


FindMissing = Callable[[Path, Snapshot, Project, PreparedEnvironments], Iterable[Lack]]
"""Looks for the programs that the jobs are executed by, in their environments. Raises DeployError."""


def _nothing_missing(
    _folder: Path, _snapshot: Snapshot, _config: Project, _environments: PreparedEnvironments
) -> Iterable[Lack]:
    return ()


def _as_it_is(
    _folder: Path, _snapshot: Snapshot, config: Project, environments: PreparedEnvironments, _cancelled: threading.Event
) -> Completed:
    return config, environments


class Deployer:
    """Takes saves of any number of folders and calls `deliver` with each result, from threads of its own.

    Saves of one folder go one after another, those of different folders at the same time. The newest save wins: what a
    newer one has overtaken is not delivered, and its build is cancelled unless both want the same environment.
    `slug_of(folder, config)` names the project's folder below `deployments`. `deliver` raises DeployError when what is
    deployable did not go live after all: the same content is then tried again, and not called unchanged.
    """

    def __init__(
        self,
        deployments: Path,
        environments: Environments,
        slug_of: Callable[[Path, Project], str],
        deliver: Callable[[Result], None],
        complete: Complete = _as_it_is,
        find_missing: FindMissing = _nothing_missing,
        copied: Callable[[Path, int, int], None] = lambda _folder, _done, _total: None,
    ) -> None:
        """`copied` is told how many files of a folder's save are copied, of how many."""
        self._deployments = deployments
        self._environments = environments
        self._slug_of = slug_of
        self._deliver = deliver
        self._complete = complete
        self._find_missing = find_missing
        self._copied = copied
        self._lock = threading.Lock()
        self._lines: dict[Path, _Line] = {}
        self._threads = Threads("skafd-deploy")
        self._copying = threading.Semaphore(_AT_ONCE)
        self._is_closed = False
        discard_leftovers(deployments)

    def remember(self, folder: Path, snapshot_hash: str | None) -> None:
        """Says what was last deployed from the folder, as after a restart: the same content again is `Unchanged`."""
        with self._lock:
            self._line(folder).last_hash = snapshot_hash

    def deploy(self, folder: Path) -> None:
        """Takes a save on; returns at once."""
        with self._lock:
            if self._is_closed:
                return
            line = self._line(folder)
            line.newest += 1
            self._threads.begin(partial(self._run, line, line.newest))

    def forget(self, folder: Path) -> None:
        """Drops the folder: its builds are cancelled and nothing more of it is delivered."""
        with self._lock:
            line = self._lines.pop(folder, None)
            if line is not None:
                self._abandon(line)

    def close(self) -> None:
        """Cancels everything and waits for it. Not to be called from `deliver`."""
        with self._lock:
            self._is_closed = True
            for line in self._lines.values():
                self._abandon(line)
        self._threads.close()

    def _line(self, folder: Path) -> _Line:
        if folder not in self._lines:
            self._lines[folder] = _Line(folder, Snapshotter(folder, self._deployments))
        return self._lines[folder]

    def _abandon(self, line: _Line) -> None:
        line.newest += 1
        line.decided = line.newest
        for _, cancelled in line.builds.values():
            cancelled.set()

    def _run(self, line: _Line, number: int) -> None:
        try:
            result = self._result(line, number)
        except Exception as error:
            _logger.exception("deploying %s", line.folder)
            fault = f"a fault in skafd: {error!r}"
            result = RefusedDeploy(line.folder, Stage.SNAPSHOT, fault, "see logs/daemon.log", may_pass=may_pass(error))
        if result is not None:
            self._hand_over(line, number, result)

    def _result(self, line: _Line, number: int) -> Result | None:
        with line.front, self._copying:
            if number < line.newest:
                return None
            ready = self._snapshot_and_config(line)
        if not isinstance(ready, _Ready):
            self._decide(line, number, None)
            return ready
        return self._environment(line, number, ready)

    def _snapshot_and_config(self, line: _Line) -> _Ready | Result:
        try:
            survey = line.snapshotter.survey()
            if survey.hash == line.last_hash:
                return Unchanged(line.folder, survey.hash)
            staged = line.snapshotter.stage(survey, partial(self._copied, line.folder))
        except DeployError as error:
            return _refused(line, Stage.SNAPSHOT, error)
        finally:
            self._copied(line.folder, 0, 0)
        try:
            return self._placed(line, staged)
        except DeployError as error:
            return _refused(line, Stage.SNAPSHOT, error, survey.hash)
        finally:
            discard(staged.path)  # Where it was placed, nothing is there any more.

    def _placed(self, line: _Line, staged: Staged) -> _Ready | RefusedDeploy:
        reading = load(find_config(staged.path) or staged.path / "metis.config.yml")
        if reading.project is None or not reading.valid:
            message = "\n".join(render(problem, reading.filename, reading.text) for problem in reading.problems)
            return RefusedDeploy(line.folder, Stage.CONFIG, message, None, tuple(reading.problems), staged.survey.hash)
        slug = self._slug_of(line.folder, reading.project)
        return _Ready(slug, reading.project, line.snapshotter.place(staged, slug), reading)

    def _environment(self, line: _Line, number: int, ready: _Ready) -> Result | None:
        cancelled = threading.Event()
        path = ready.snapshot.path
        try:
            wanted = self._environments.wanted_by(line.folder, path, ready.config)
            if not self._decide(line, number, (wanted, cancelled)):
                return None
            environments = self._environments.prepare(line.folder, path, ready.config, cancelled)
        except DeployError as error:
            self._decide(line, number, None)
            return _refused(line, Stage.ENVIRONMENT, error, ready.snapshot.hash)
        finally:
            with self._lock:
                line.builds.pop(number, None)
        try:
            lacks = tuple(self._find_missing(line.folder, ready.snapshot, ready.config, environments))
        except DeployError as error:
            return _refused(line, Stage.ENVIRONMENT, error, ready.snapshot.hash)
        if lacks:
            return _lacking(line, ready, lacks)
        try:
            config, environments = self._complete(
                line.folder, ready.snapshot, ready.config, environments, threading.Event()
            )
        except DeployError as error:
            return RefusedDeploy(line.folder, Stage.FLOW, error.message, error.hint, (), ready.snapshot.hash)
        return Deployable(line.folder, ready.slug, config, ready.snapshot, environments, tuple(ready.reading.problems))

    def _decide(self, line: _Line, number: int, build: tuple[str, threading.Event] | None) -> bool:
        """Supersedes the older saves; returns False when this one is superseded itself."""
        with self._lock:
            if number < line.decided:
                return False
            line.decided = number
            for older, (key, cancelled) in line.builds.items():
                if older < number and (build is None or key != build[0]):
                    cancelled.set()
            if build is not None:
                line.builds[number] = build
            return True

    def _hand_over(self, line: _Line, number: int, result: Result) -> None:
        with line.front:
            if number < line.decided or self._lines.get(line.folder) is not line:
                return
            if isinstance(result, Deployable) and result.snapshot.hash == line.last_hash:
                # Another save of the same content went live while this one was on its way.
                result = Unchanged(line.folder, result.snapshot.hash)
            try:
                self._deliver(result)
            except DeployError as error:
                _logger.info("%s is not live: %s", line.folder, error)
                return
            if isinstance(result, Deployable):
                line.last_hash = result.snapshot.hash


def _refused(line: _Line, stage: Stage, error: DeployError, snapshot_hash: str | None = None) -> RefusedDeploy:
    return RefusedDeploy(line.folder, stage, error.message, error.hint, (), snapshot_hash, may_pass(error))


def _lacking(line: _Line, ready: _Ready, lacks: tuple[Lack, ...]) -> RefusedDeploy:
    """With the place of each entrypoint that cannot be executed."""
    reading = ready.reading
    problems = tuple(reading.problem_at(lack.job, lack.message, lack.hint) for lack in lacks)
    message = "\n".join(render(problem, reading.filename, reading.text) for problem in problems)
    return RefusedDeploy(line.folder, Stage.CONFIG, message, None, problems, ready.snapshot.hash)
