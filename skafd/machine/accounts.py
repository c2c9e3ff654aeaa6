"""Whose rights the jobs of a project folder have, where skafd runs as root."""

from __future__ import annotations

import os
import pwd
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skafd.errors import Refused
from skafd.model.owner import Owner
from skafd.model.project import RunAs
from skafd.sandbox.user import User

ROOT_JOBS = "SKAFD_ROOT_JOBS"
"""Set to `declared` for a daemon that is no person's: then root's projects have to say `run_as: root`."""
DECLARED = "declared"
_REMEMBERED_SECONDS = 60.0
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Account:
    """A user, as jobs need to know one."""

    user: User | None
    """None for the one that skafd itself runs as."""
    name: str = ""
    home: str | None = None
    """None for a user without one."""
    shell: str = "/bin/sh"


AS_SKAFD = Account(None)


class Accounts:
    """Answers for the folders of one daemon. Cheap enough to be asked at each launch; callable from any thread."""

    def __init__(self, state_folder: Path, uid: int, environment: Mapping[str, str] = os.environ) -> None:
        """`uid` is the daemon's own."""
        self._state_folder = state_folder
        self._uid = uid
        self._asks_for_declaration = environment.get(ROOT_JOBS) == DECLARED
        self._known: dict[tuple[int, int], tuple[float, Account]] = {}

    def of(self, folder: Path, wanted: RunAs, last_owner: Owner | None = None) -> Account:
        """The account of the jobs of a project folder. Raises Refused where they may not run.

        While the folder is gone, they run as for its `last_owner`: what is deployed was theirs.
        """
        if self._uid != 0:
            if wanted is RunAs.ROOT:
                raise Refused(
                    f"`run_as: root`, and skafd runs as user {self._uid}", "remove the line, or run skafd as root"
                )
            return AS_SKAFD
        owner = _owner(folder, last_owner)
        if owner.uid == 0:
            self._check_root(folder, wanted)
            return AS_SKAFD
        if wanted is RunAs.ROOT:
            raise Refused(
                f"`run_as: root`, and {folder} belongs to {_name(owner.uid)}",
                f"remove the line, or give the folder to root: chown -R root: {folder}",
            )
        account = self._find(owner.uid, owner.gid)
        _check_passage(self._state_folder, account)
        return account

    def owner(self, account: Account) -> Owner | None:
        """Whose a folder is that has this account; None for a daemon that need not know."""
        if self._uid != 0:
            return None
        return Owner(0, 0) if account.user is None else Owner(account.user.uid, account.user.gid)

    def _check_root(self, folder: Path, wanted: RunAs) -> None:
        stranger = _who_could_replace(folder)
        if stranger:
            raise Refused(
                f"{folder} is root's, but {stranger}: its jobs cannot be trusted with root's rights",
                f"give it to whom it is for (chown -R NAME: {folder}), or move it to where only root may write",
            )
        if self._asks_for_declaration and wanted is not RunAs.ROOT:
            raise Refused(
                f"{folder} is root's, and does not say that its jobs are to run as root",
                f"write `run_as: root` into its config, or give it to whom it is for: chown -R NAME: {folder}",
            )

    def _find(self, uid: int, gid: int) -> Account:
        """Asks the system once a minute: it may have to ask a server."""
        now = time.monotonic()
        since, account = self._known.get((uid, gid), (-_REMEMBERED_SECONDS, AS_SKAFD))
        if now - since >= _REMEMBERED_SECONDS:
            account = _look_up(uid, gid)
            self._known[uid, gid] = (now, account)
        return account


def _look_up(uid: int, folder_gid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        # As in containers, where files belong to a user of the host.
        return Account(User(uid, folder_gid, (folder_gid,)), str(uid))
    groups = tuple(sorted({entry.pw_gid, *os.getgrouplist(entry.pw_name, entry.pw_gid)}))
    home = entry.pw_dir if Path(entry.pw_dir).is_dir() else None
    return Account(User(uid, entry.pw_gid, groups), entry.pw_name, home, entry.pw_shell or "/bin/sh")


def user_numbered(uid: int) -> User:
    """The user of that number, with the groups that a login gives."""
    found = _look_up(uid, uid).user
    assert found is not None
    return found


def user_of(folder: Path) -> User | None:
    """The user to whom root gave a folder of skafd's; None for skafd's own. Raises OSError."""
    status = folder.lstat()
    return None if status.st_uid == os.geteuid() else _look_up(status.st_uid, status.st_gid).user


def _owner(folder: Path, last_owner: Owner | None) -> Owner:
    try:
        status = folder.lstat()
    except OSError as error:
        if last_owner is not None:
            return last_owner
        raise Refused(f"it cannot be told whose {folder} is ({error.strerror}): bring the folder back") from error
    return Owner(status.st_uid, status.st_gid)


def _who_could_replace(folder: Path) -> str:
    """Who besides root could put other content in the place of this folder, in words; empty for nobody."""
    is_gone = not os.path.lexists(folder)
    for path in folder.parents:
        if is_gone and not os.path.lexists(path):
            continue
        status = path.lstat()
        if status.st_uid != 0:
            return f"{path} belongs to {_name(status.st_uid)}"
        others = status.st_mode & (_WRITABLE_BY_OTHERS if status.st_gid != 0 else stat.S_IWOTH)
        # Where only one's own can be moved, anybody can still make what is not there.
        if others and (is_gone or not status.st_mode & stat.S_ISVTX):
            return f"others may write in {path}"
        is_gone = False
    return ""


def _check_passage(folder: Path, account: Account) -> None:
    """A job has to come to its working folder."""
    assert account.user is not None
    for path in reversed((folder, *folder.parents)):
        if not _may_enter(path.lstat(), account.user):
            raise Refused(
                f"its jobs would run as {account.name}, who may not enter {path}, where skafd keeps its state",
                "start skafd with a state folder that all may pass through: SKAFD_HOME=/var/lib/skafd",
            )


def _may_enter(status: os.stat_result, user: User) -> bool:
    if status.st_uid == user.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid in (user.gid, *user.groups):
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
