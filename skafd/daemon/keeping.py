"""Files that jobs declared as their outputs: kept when an attempt has ended, before anybody is told that it has.

In threads, since a file may be large. Whoever kills the daemon meanwhile loses nothing: the next one finds the attempt
ended, and begins anew.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from skafd.artifacts.content import ContentStore
from skafd.daemon.reports import EndedWithFiles, Report
from skafd.machine.accounts import user_of
from skafd.model.decisions import AttemptEnded
from skafd.model.ids import AttemptKey
from skafd.model.kept import Content
from skafd.model.outcome import state_of
from skafd.model.states import TaskState
from skafd.model.text import is_text
from skafd.sandbox.acting_as import acting_as
from skafd.sandbox.user import User
from skafd.threads import Threads
from skafd.wildcards import find

log = logging.getLogger("skafd.supervision")

_PIECE_BYTES = 2**20
_MOST_FILES = 10_000
_NOTHING = "no file fits"
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be kept of an attempt."""

    patterns: tuple[str, ...]
    """Of paths below its working folder; a folder means all that is in it."""
    folders: tuple[Path, ...] = ()
    """Live data that is linked into it, whose files count as its own."""


class Keeping:
    """Owned by the orchestrator's thread. An attempt counts as alive until its files are kept."""

    def __init__(
        self,
        threads: Threads,
        contents: ContentStore,
        hear_later: Callable[[Callable[[], list[Report]]], None],
        let_go: Callable[[AttemptKey], bool],
    ) -> None:
        """As for orphans: `let_go` ends the watch over an attempt; false when nobody watched it."""
        self._threads = threads
        self._contents = contents
        self._hear_later = hear_later
        self._let_go = let_go
        self._being_kept: set[AttemptKey] = set()

    def begin(self, ended: AttemptEnded, wanted: Wanted, folder: Path) -> None:
        """Begins to keep the files of an attempt that has ended, unless that has begun."""
        if ended.attempt not in self._being_kept:
            self._being_kept.add(ended.attempt)
            self._threads.begin(partial(self._keep, ended, wanted, folder))

    def _keep(self, ended: AttemptEnded, wanted: Wanted, folder: Path) -> None:
        remarks: list[str] = []
        files: tuple[tuple[str, Content], ...] = ()
        try:
            files = tuple(_keep_all(self._contents, wanted, folder / "work", remarks))
        except Exception as error:
            # Nobody else would ever tell that the attempt has ended.
            log.exception("the outputs of %s", folder)
            remarks.append(f"they could not be kept: {error!r}")
        # A job that failed may not have come to write them.
        succeeded = state_of(ended.outcome) is TaskState.SUCCEEDED
        _append(folder / "log", [remark for remark in remarks if succeeded or not remark.startswith(_NOTHING)])
        self._being_kept.discard(ended.attempt)
        self._hear_later(lambda: [EndedWithFiles(ended, files)] if self._let_go(ended.attempt) else [])


def _keep_all(contents: ContentStore, wanted: Wanted, work: Path, remarks: list[str]) -> Iterator[tuple[str, Content]]:
    """Each file once, under its path; what cannot be kept is a remark."""
    user = user_of(work)
    with acting_as(user):
        roots = [os.path.realpath(root) for root in (work, *wanted.folders)]
        names = _names(wanted.patterns, work, remarks)
    for name in names[:_MOST_FILES]:
        if not is_text(name):
            remarks.append(f"{name!r} could not be kept: its name is no text")
            continue
        try:
            yield name, _keep_one(contents, work / name, roots, user)
        except (OSError, ValueError) as error:
            remarks.append(f"{name} could not be kept: {error}")
    if len(names) > _MOST_FILES:
        remarks.append(f"{len(names):,} files fit, and only {_MOST_FILES:,} are kept")


def _names(patterns: tuple[str, ...], work: Path, remarks: list[str]) -> list[str]:
    names: dict[str, None] = {}
    for pattern in patterns:
        found = list(_files(pattern, work))
        if not found:
            remarks.append(f"{_NOTHING} {pattern!r}")
        names.update(dict.fromkeys(found))
    return list(names)


def _files(pattern: str, work: Path) -> Iterator[str]:
    for path in sorted(find(pattern, work)):
        if os.path.isdir(work / path):  # noqa: PTH112 a path's own fails where the user may not look
            yield from _below(path, work)
        elif os.path.isfile(work / path):  # noqa: PTH113
            yield os.path.normpath(path)


def _below(folder: str, work: Path) -> Iterator[str]:
    for parent, folders, files in os.walk(work / folder):
        folders.sort()
        yield from (str((Path(parent) / name).relative_to(work)) for name in sorted(files))


def _keep_one(contents: ContentStore, path: Path, roots: list[str], user: User | None) -> Content:
    with acting_as(user):
        descriptor = _open(os.path.realpath(path), roots)
    with os.fdopen(descriptor, "rb", buffering=0) as file, contents.stage() as staged:
        while piece := file.read(_PIECE_BYTES):
            staged.write(piece)
        return staged.adopt()


def _open(path: str, roots: list[str]) -> int:
    """Follows no link that took the place of a part of the path, and waits for no pipe.

    Raises ValueError for a link that leads to what is none of the job's.
    """
    # There this thread would be shown what only the daemon itself may see.
    if not any(path.startswith(root + os.sep) for root in roots) or path.startswith("/proc/"):
        raise ValueError("it leads out of the working folder")
    top, *folders, name = Path(path).parts
    folder = os.open(top, _FOLDER)
    try:
        for one in folders:
            outer, folder = folder, os.open(one, _FOLDER, dir_fd=folder)
            os.close(outer)
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)


def _append(path: Path, remarks: list[str]) -> None:
    """So that people find it where they look. The supervisor has written its last by now."""
    if not remarks:
        return
    try:
        with path.open("a") as file:
            file.writelines(f"skafd: outputs: {remark}\n" for remark in remarks)
    except OSError as error:
        log.warning("%s: %s (%s)", path, "; ".join(remarks), error)
