"""What a project folder holds right now: its tree and the hash of its content."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from skafd import clock
from skafd.deploy.size import check_size
from skafd.deploy.symlinks import Target, target_of
from skafd.deploy.walk import Entry, Kind, Tree, walk
from skafd.errors import DeployError

_CHUNK_BYTES = 1 << 20
# Two writes within one tick of the file system's clock leave the same time: only older files are remembered.
_TICK_NANOSECONDS = 20_000_000


class Changing(Exception):
    """A file was written, replaced or deleted while it was read."""

    def __init__(self, relative: str) -> None:
        super().__init__(relative)
        self.relative = relative


@dataclass(frozen=True, slots=True)
class Survey:
    """One consistent look at a project: nothing changed between its beginning and its end."""

    tree: Tree
    hash: str
    digests: dict[str, str]
    """sha256 of each file's content."""
    links: dict[str, Target]
    warnings: tuple[str, ...]


class Surveyor:
    """Looks at one project folder again and again and reads only what changed since it last did."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[Entry, str]] = {}

    def survey(self) -> Survey:
        """Reads what changed. Raises Changing when somebody writes meanwhile, DeployError for what cannot be read."""
        tree = self._walk()
        check_size(tree)
        digests = self._digests(tree)
        links = {
            entry.relative: target_of(self._folder, entry.relative) for entry in tree.entries if entry.kind is Kind.LINK
        }
        if not tree.same_as(self._walk()):
            raise Changing(".")
        warnings = [f"{path} is a pipe, a socket or a device and is left out" for path in tree.special]
        warnings += [target.warning for target in links.values() if target.warning]
        return Survey(tree, _hash(tree, digests, links), digests, links, tuple(warnings))

    def _walk(self) -> Tree:
        try:
            return walk(self._folder)
        except FileNotFoundError as error:
            if not self._folder.is_dir():
                raise DeployError(f"the project's folder {self._folder} is gone") from error
            raise Changing(str(error.filename)) from error
        except PermissionError as error:
            raise _unreadable(str(error.filename), error) from error

    def _digests(self, tree: Tree) -> dict[str, str]:
        found: dict[str, str] = {}
        known: dict[str, tuple[Entry, str]] = {}
        settled_before = int(clock.now().timestamp() * 1e9) - _TICK_NANOSECONDS
        for entry in tree.entries:
            if entry.kind is Kind.FILE:
                before, digest = self._known.get(entry.relative, (None, ""))
                if before != entry:
                    digest = read_file(self._folder, entry)
                if max(entry.identity[2:]) < settled_before:
                    known[entry.relative] = (entry, digest)
                found[entry.relative] = digest
        self._known = known
        return found


def read_file(folder: Path, entry: Entry, write: Callable[[bytes], object] = lambda _: None) -> str:
    """Hands the file's content to `write`, in pieces, and returns its sha256. Raises Changing, DeployError.

    Never blocks, not even where a pipe has taken the file's place.
    """
    path = folder / entry.relative
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError as error:
        raise _unreadable(entry.relative, error) from error
    except OSError as error:
        raise Changing(entry.relative) from error
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        _check_untouched(descriptor, entry)
        digest = hashlib.sha256()
        while piece := stream.read(_CHUNK_BYTES):
            digest.update(piece)
            write(piece)
        _check_untouched(descriptor, entry)
    return digest.hexdigest()


def _check_untouched(descriptor: int, entry: Entry) -> None:
    status = os.fstat(descriptor)
    identity = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    if not stat.S_ISREG(status.st_mode) or identity != entry.identity:
        raise Changing(entry.relative)


def _hash(tree: Tree, digests: dict[str, str], links: dict[str, Target]) -> str:
    """sha256 over the sorted paths, each with its kind, its x-bit, and its content or where it leads."""
    total = hashlib.sha256()
    for entry in tree.entries:
        link = links.get(entry.relative)
        content = link.path if link else digests.get(entry.relative, "")
        kind = entry.kind.value + ("x" if entry.is_executable else "")
        total.update(os.fsencode(f"{kind}\0{entry.relative}\0{content}\n"))
    return total.hexdigest()


def _unreadable(path: str, error: OSError) -> DeployError:
    return DeployError(
        f"{path} cannot be read: {error.strerror}",
        "give the user that runs skafd the right to read it, or write its name into .skafosignore",
    )
