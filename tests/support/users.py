"""Users of the machine that nobody else is: by number alone, so that nothing has to be made or removed."""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

import pytest

from skafd.sandbox.user import User

needs_users = pytest.mark.skipif(os.geteuid() != 0, reason="ONLY ROOT CAN BE OTHER USERS: run the tests as root")


def unused_uids(count: int) -> list[int]:
    """Numbers that no user has."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return [uid for uid in range(54_321, 60_000) if uid not in taken][:count]


def some_user() -> User:
    """Somebody who has nothing on this machine."""
    (uid,) = unused_uids(1)
    return User(uid, uid, (uid,))


def give_folder(folder: Path, uid: int) -> None:
    """Makes a folder with all in it that user's."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)


def open_passage(folder: Path) -> None:
    """Lets everybody pass through the folder and those above it, as a state folder for all has to be."""
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.geteuid() and not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o011)


def python_for_all() -> str:
    """A Python that every user can run: ours may be in somebody's home."""
    for path in (os.path.realpath(sys.executable), os.path.realpath("/usr/bin/python3")):
        if Path(path).exists() and all(folder.stat().st_mode & 0o001 for folder in Path(path).parents):
            return path
    pytest.skip("NO PYTHON ON THIS MACHINE CAN BE RUN BY OTHER USERS")
