"""A user other than skafd's own, for whom an environment is made that runs code while it is made."""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_NO_NEW_PRIVILEGES = 38
_OF_THE_MACHINE = (Path("/usr/bin/python3"), Path("/usr/local/bin/python3"))
_LARGEST_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Builder:
    """By numbers, with the variables that a login would give."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    variables: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The owner as JSON values."""
        return {"uid": self.uid, "gid": self.gid, "groups": list(self.groups), "variables": dict(self.variables)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Reads back what `to_json` gave."""
        return cls(values["uid"], values["gid"], tuple(values["groups"]), tuple(values["variables"].items()))

    def become(self) -> None:
        """Makes this process the owner's, for ever, and lets it gain nothing any more. Raises OSError."""
        os.setgroups(self.groups)
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)
        os.umask(0o022)
        if ctypes.CDLL(None, use_errno=True).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")

    def may_run(self, program: Path) -> bool:
        """Whether the owner comes to the program, and may execute it."""
        real = Path(os.path.realpath(program))
        return all(self._may_pass(path) for path in (real, *real.parents))

    def _may_pass(self, path: Path) -> bool:
        try:
            status = path.stat()
        except OSError:
            return False
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid in (self.gid, *self.groups):
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def give_tree(folder: Path, owner: Builder) -> None:
    """Makes a folder that only we could change until now the owner's, with all in it. Raises OSError."""
    # From the bottom: what is given away is not looked at any more.
    for _, folders, files, descriptor in os.fwalk(folder, topdown=False):
        for name in (*files, *folders):
            os.chown(name, owner.uid, owner.gid, dir_fd=descriptor, follow_symlinks=False)
    os.chown(folder, owner.uid, owner.gid, follow_symlinks=False)


def take_back(environment: Path, kept: tuple[str, ...]) -> None:
    """Makes an environment ours at its top, and in it `skafd/`, where only the `kept` names stay.

    Whatever the owner put there: nothing is followed. Raises OSError.
    """
    top = _take_folder(environment.name, os.open(environment.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    try:
        notes = os.stat("skafd", dir_fd=top, follow_symlinks=False) if "skafd" in _names(top) else None
        if notes is not None and not stat.S_ISDIR(notes.st_mode):
            os.unlink("skafd", dir_fd=top)
            notes = None
        if notes is None:
            os.mkdir("skafd", 0o755, dir_fd=top)
        inner = _take_folder("skafd", os.dup(top))
    finally:
        os.close(top)
    try:
        for name in _names(inner):
            mode = os.stat(name, dir_fd=inner, follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                continue  # Of a package that is installed as editable.
            if name not in kept or not stat.S_ISREG(mode):
                os.unlink(name, dir_fd=inner)
    finally:
        os.close(inner)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _take_folder(name: str, parent: int) -> int:
    """Opens a folder, which is ours from then on; closes `parent`."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    finally:
        os.close(parent)
    os.fchown(descriptor, os.geteuid(), os.getegid())
    os.fchmod(descriptor, 0o755)
    return descriptor


def read_from(path: Path) -> str:
    """The text of a file that somebody else wrote, which has to be a file and no link. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as content:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no file")
        return content.read(_LARGEST_BYTES).decode(errors="replace")


def python_for(user: Builder | None, ours: Path) -> Path:
    """`ours`, or one of the machine's where the user (None: who runs this) may not run that."""
    for path in (ours, *_OF_THE_MACHINE):
        if os.access(path, os.X_OK) if user is None else user.may_run(path):
            return path
    return ours


def belongs_to_us(program: Path) -> bool:
    """Whether nobody else could have put something of theirs in the place of the program, which has its whole path."""
    real = Path(os.path.realpath(program))
    return program.is_absolute() and all(map(_is_ours_alone, (*program.parents, real, *real.parents)))


def _is_ours_alone(path: Path) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    return status.st_uid in (0, os.geteuid()) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
