"""The store of contents: `<folder>/<first two digits>/<sha256>`, read-only, whole or not there."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from skafd import crash
from skafd.errors import NotFound
from skafd.files import sync_folder
from skafd.model.kept import Content, is_sha256

_STAGING = ".staging"
_MODE = 0o400
_FAN_OUT = re.compile(r"[0-9a-f]{2}")


class ContentStore:
    """Any number of processes may add at once. What is removed must be known to be of no use by then."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def stage(self) -> Staged:
        """Begins to take bytes in. Raises OSError."""
        staging = self.folder / _STAGING
        staging.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Staged(self, *tempfile.mkstemp(dir=staging))

    def path(self, sha256: str) -> Path:
        """Where a content is, or would be. Raises NotFound for what is no hash."""
        if not is_sha256(sha256):
            raise NotFound(f"{sha256[:80]!r} is not the hash of a content")
        return self.folder / sha256[:2] / sha256

    def has(self, content: Content) -> bool:
        """Whether it is there, whole."""
        try:
            return self.path(content.sha256).stat().st_size == content.size_bytes
        except FileNotFoundError:
            return False

    def open(self, sha256: str) -> BinaryIO:
        """Reads a content. Raises NotFound when it is not there."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise NotFound(f"the content {sha256[:12]} is gone from {self.folder}") from None

    def older_than(self, seconds: float) -> Iterator[str]:
        """The hashes of contents that nobody has added, or added again, since."""
        for fan_out in sorted(self.folder.iterdir()):
            if _FAN_OUT.fullmatch(fan_out.name):
                yield from (path.name for path in _old(fan_out, seconds))

    def remove_older(self, sha256: str, seconds: float) -> None:
        """Removes a content that nobody has added, or added again, since."""
        path = self.path(sha256)
        if _is_old(path, seconds):
            path.unlink()

    def clear_staging(self, seconds: float) -> None:
        """Removes what was begun and not touched since: whoever began it has died."""
        staging = self.folder / _STAGING
        for path in _old(staging, seconds) if staging.is_dir() else ():
            path.unlink(missing_ok=True)


class Staged:
    """A content on its way in. Leaving the block without `adopt` throws it away."""

    def __init__(self, store: ContentStore, descriptor: int, path: str) -> None:
        self._store = store
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._path = Path(path)
        self._digest = hashlib.sha256()
        self._size_bytes = 0

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Takes the next piece. Raises OSError."""
        view = memoryview(data)
        self._digest.update(view)
        self._size_bytes += len(view)
        while view:
            view = view[self._file.write(view) :]

    def adopt(self) -> Content:
        """Makes it durable under its hash; a content that is there already is used again. Raises OSError."""
        content = Content(self._digest.hexdigest(), self._size_bytes)
        target = self._store.path(content.sha256)
        if self._store.has(content):
            # So that nobody removes it before it is referred to again.
            os.utime(target)
            return content
        os.fchmod(self._file.fileno(), _MODE)
        os.fsync(self._file.fileno())
        _make_folder(target.parent)
        _rename(self._path, target)
        sync_folder(target.parent)
        return content


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


@crash.around("content.rename")
def _rename(staged: Path, target: Path) -> None:
    staged.rename(target)


def _old(folder: Path, seconds: float) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if _is_old(path, seconds))


def _is_old(path: Path, seconds: float) -> bool:
    try:
        return path.stat().st_mtime < time.time() - seconds
    except FileNotFoundError:
        return False
