"""Makes the private working folder of an attempt from a snapshot."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import suppress

from skafd.errors import SandboxError
from skafd.sandbox import small_files
from skafd.sandbox.removing import remove
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.strict import TEMPORARY
from skafd.sandbox.user import User, give

_FICLONE = 0x40049409
_PIECE_BYTES = 1 << 30
_CANNOT_CLONE = frozenset(
    {errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.ETXTBSY}
)


def prepare(spec: AttemptSpec) -> None:
    """Makes `work/` as a writable copy of the snapshot, with symbolic links to the live paths it lacks.

    It belongs to the job's user and is closed to all others. Shares the blocks with the snapshot where the file system
    can. Raises OSError, or SandboxError for content that cannot be copied.
    """
    folder = f"{spec.directory}/work"
    os.mkdir(folder, 0o700)
    if spec.snapshot is not None:
        _Copier(spec.user).fill(spec.snapshot, folder)
    for relative, target in spec.links.items():
        _link(folder, relative, target, spec.user)
    if spec.beside is not None and os.path.isdir(spec.beside):
        for name in os.listdir(spec.beside):
            if not name.startswith("."):
                _link(folder, name, f"{spec.beside}/{name}", spec.user)
    # Last: until now nobody else could pass into it, and put a link in the place of what we make things in.
    give(folder, spec.user)
    if spec.user is not None or spec.confinement is not None:
        _make_writable(spec)
    if spec.confinement is not None:
        os.mkdir(f"{spec.directory}/{TEMPORARY}", 0o700)
        give(f"{spec.directory}/{TEMPORARY}", spec.user)


def clear(spec: AttemptSpec) -> None:
    """Removes what is of no use once the job has ended."""
    if spec.confinement is not None:
        discard(f"{spec.directory}/{TEMPORARY}")


def discard(folder: str) -> None:
    """Removes what there is of a folder; what cannot be removed stays."""
    with suppress(OSError):
        remove(folder)


def _make_writable(spec: AttemptSpec) -> None:
    for name in spec.writable:
        path = f"{spec.directory}/{name.rstrip('/')}"
        if name.endswith("/"):
            os.mkdir(path, 0o700)
        else:
            small_files.write(path, b"")
        give(path, spec.user)


def _link(folder: str, relative: str, target: str, user: User | None) -> None:
    parts = relative.split("/")
    if not relative or any(part in ("", ".", "..") for part in parts):
        raise SandboxError(f"a link must stay inside the working folder: {relative!r}")
    path = f"{folder}/{relative}"
    if os.path.lexists(path):
        return
    _make_parents(folder, parts[:-1], user)
    os.symlink(target, path)
    give(path, user)


def _make_parents(folder: str, names: list[str], user: User | None) -> None:
    for name in names:
        folder = f"{folder}/{name}"
        if os.path.islink(folder):
            raise SandboxError(f"a link must stay inside the working folder: {folder} is a link itself")
        if not os.path.isdir(folder):
            os.mkdir(folder)
            give(folder, user)


class _Copier:
    """Copies a tree, and remembers what the file system cannot do."""

    def __init__(self, user: User | None) -> None:
        self._user = user
        self._can_clone = True

    def fill(self, source: str, target: str) -> None:
        """Copies what is in a folder into one that is there, and stays whose it is."""
        with os.scandir(source) as entries:
            for entry in entries:
                self._copy_entry(entry, f"{target}/{entry.name}")

    def _copy_folder(self, source: str, target: str) -> None:
        os.mkdir(target, 0o700)
        self.fill(source, target)
        give(target, self._user)
        os.chmod(target, stat.S_IMODE(os.stat(source).st_mode) | stat.S_IRWXU)

    def _copy_entry(self, entry: os.DirEntry[str], target: str) -> None:
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), target)
            give(target, self._user)
        elif entry.is_dir():
            self._copy_folder(entry.path, target)
        elif entry.is_file():
            self._copy_file(entry.path, target)
        else:
            raise SandboxError(f"neither a file, a folder nor a symbolic link: {entry.path}")

    def _copy_file(self, source: str, target: str) -> None:
        reading = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        try:
            status = os.fstat(reading)
            mode = stat.S_IMODE(status.st_mode) | stat.S_IWUSR | stat.S_IRUSR
            writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                self._copy_content(reading, writing, status.st_size)
                if self._user is not None:
                    os.fchown(writing, self._user.uid, self._user.gid)
                os.fchmod(writing, mode)
            finally:
                os.close(writing)
        finally:
            os.close(reading)

    def _copy_content(self, reading: int, writing: int, size_bytes: int) -> None:
        if size_bytes == 0 or self._clone(reading, writing):
            return
        remaining = size_bytes
        while remaining > 0:
            copied = os.sendfile(writing, reading, None, min(remaining, _PIECE_BYTES))
            if copied == 0:
                return
            remaining -= copied

    def _clone(self, reading: int, writing: int) -> bool:
        if not self._can_clone:
            return False
        try:
            fcntl.ioctl(writing, _FICLONE, reading)
        except OSError as error:
            if error.errno not in _CANNOT_CLONE:
                raise
            self._can_clone = False
        return self._can_clone
