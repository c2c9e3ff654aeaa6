"""Immutable, content-addressed copies of project folders: `deployments/<project>/<hash>/`."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from skafd import crash
from skafd.deploy.survey import Changing, Survey, Surveyor, read_file
from skafd.deploy.walk import Entry, Kind
from skafd.errors import DeployError
from skafd.files import sync_file_system, sync_folder

STAGING = ".staging"
_ATTEMPTS = 20
_PAUSE_SECONDS = 0.05
_FEW_FILES = 16


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of a project's code on disk, read-only."""

    hash: str
    path: Path
    files: int
    bytes: int
    linked: tuple[str, ...]
    """Ignored paths that exist in the live folder, to be linked into working folders."""
    warnings: tuple[str, ...] = ()
    is_new: bool = True
    """False when the very same content was there already."""


def take(folder: Path, deployments: Path, project_slug: str) -> Snapshot:
    """Copies the folder as it is now. For repeated use have a `Snapshotter`. Raises DeployError."""
    snapshotter = Snapshotter(folder, deployments)
    return snapshotter.place(snapshotter.stage(snapshotter.survey()), project_slug)


Copied = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Staged:
    """A complete copy that has not got its place yet."""

    survey: Survey
    path: Path


class Snapshotter:
    """Takes snapshots of one project folder; each costs what changed since the last. Not for two threads at once."""

    def __init__(self, folder: Path, deployments: Path) -> None:
        self._folder = folder
        self._deployments = deployments
        self._surveyor = Surveyor(folder)
        self._copies: dict[str, Path] = {}
        """Read-only copies in the newest snapshot, by content and x-bit."""

    def survey(self) -> Survey:
        """Looks until nothing changes meanwhile. Raises DeployError when something keeps changing."""
        for attempt in range(_ATTEMPTS):
            try:
                return self._surveyor.survey()
            except Changing as change:
                if attempt == _ATTEMPTS - 1:
                    raise _restless(change) from change
            time.sleep(_PAUSE_SECONDS)
        raise AssertionError("the loop returns or raises")

    def stage(self, survey: Survey, copied: Copied = lambda _done, _total: None) -> Staged:
        """Copies what was surveyed; what the newest snapshot holds already is linked. Raises DeployError.

        `copied` is told after each file how many are done, of how many.
        """
        staging = self._deployments / STAGING
        staging.mkdir(parents=True, exist_ok=True)
        path = Path(tempfile.mkdtemp(dir=staging))
        path.chmod(0o755)
        try:
            written = []
            for number, entry in enumerate(survey.tree.entries, 1):
                if self._put(path, survey, entry):
                    written.append(path / entry.relative)
                copied(number, len(survey.tree.entries))
            _make_durable(path, written)
        except Changing as change:
            discard(path)
            raise DeployError(f"{change.relative} changed while it was copied", "save it again") from change
        except OSError as error:
            discard(path)
            raise DeployError(f"no snapshot of {self._folder}: {error}") from error
        return Staged(survey, path)

    def place(self, staged: Staged, project_slug: str) -> Snapshot:
        """Moves the copy to `deployments/<project_slug>/<hash>`, all at once. Raises DeployError."""
        final = self._deployments / project_slug / staged.survey.hash
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            is_new = not final.is_dir()
            if is_new:
                _move(staged.path, final)
            else:
                discard(staged.path)
        except OSError as error:
            discard(staged.path)
            raise DeployError(f"no snapshot in {final}: {error}") from error
        self._remember(staged.survey, final)
        return _snapshot(staged.survey, final, is_new)

    def _put(self, root: Path, survey: Survey, entry: Entry) -> bool:
        """Puts one entry below `root`; returns whether bytes were written."""
        path = root / entry.relative
        if entry.kind is Kind.FOLDER:
            path.mkdir(mode=0o755)
        elif entry.kind is Kind.LINK:
            path.symlink_to(survey.links[entry.relative].path)
        elif not self._link(path, survey, entry):
            self._copy(path, survey, entry)
            return True
        return False

    def _link(self, path: Path, survey: Survey, entry: Entry) -> bool:
        copy = self._copies.get(_copy_key(survey, entry))
        if copy is None:
            return False
        try:
            path.hardlink_to(copy)
        except OSError:
            return False  # Removed by retention, or the file system allows no more links: copied instead.
        return True

    def _copy(self, path: Path, survey: Survey, entry: Entry) -> None:
        with path.open("xb") as stream:
            digest = read_file(self._folder, entry, stream.write)
            os.fchmod(stream.fileno(), 0o555 if entry.is_executable else 0o444)
        if digest != survey.digests[entry.relative]:
            raise Changing(entry.relative)

    def _remember(self, survey: Survey, final: Path) -> None:
        files = (entry for entry in survey.tree.entries if entry.kind is Kind.FILE)
        self._copies = {_copy_key(survey, entry): final / entry.relative for entry in files}


@crash.around("snapshot.place")
def _move(staged: Path, final: Path) -> None:
    staged.rename(final)
    sync_folder(final.parent)


def discard(path: Path) -> None:
    """Removes a snapshot or what was staged of one."""
    shutil.rmtree(path, ignore_errors=True)


def discard_leftovers(deployments: Path) -> None:
    """Removes what a daemon that ended in the middle of a snapshot left. Call it before the first one is taken."""
    discard(deployments / STAGING)


def _snapshot(survey: Survey, path: Path, is_new: bool) -> Snapshot:
    return Snapshot(
        hash=survey.hash,
        path=path,
        files=len(survey.digests),
        bytes=sum(entry.size for entry in survey.tree.entries),
        linked=tuple(sorted(survey.tree.ignored)),
        warnings=survey.warnings,
        is_new=is_new,
    )


def _copy_key(survey: Survey, entry: Entry) -> str:
    return survey.digests[entry.relative] + ("x" if entry.is_executable else "")


def _restless(change: Changing) -> DeployError:
    what = "the project" if change.relative == "." else change.relative
    return DeployError(
        f"{what} keeps changing while it is read",
        "save again when it is at rest, or write the names of files that jobs or tools write into .skafosignore",
    )


def _make_durable(root: Path, written: list[Path]) -> None:
    """Few files are synced one by one; for many it is quicker to ask for the whole file system."""
    folders = [Path(path) for path, _, _ in os.walk(root)]
    if len(written) + len(folders) > _FEW_FILES:
        sync_file_system(root)
        return
    for path in written:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    for folder in folders:
        sync_folder(folder)
