"""The user that a job runs as, where that is another than skafd's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class User:
    """As the kernel knows a user: by numbers."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()
    """All groups besides, or with, the first."""

    def to_json(self) -> dict[str, Any]:
        """The user as JSON values."""
        return {"uid": self.uid, "gid": self.gid, "groups": list(self.groups)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> User:
        """Reads back what `to_json` gave."""
        return cls(values["uid"], values["gid"], tuple(values["groups"]))


def become(user: User) -> None:
    """Makes this process that user's, for ever. The kernel forgets `die_with_parent` at it. Raises OSError."""
    os.setgroups(user.groups)
    os.setresgid(user.gid, user.gid, user.gid)
    os.setresuid(user.uid, user.uid, user.uid)


def give(path: str, user: User | None) -> None:
    """Makes a file, folder or link that user's; nothing happens for None. Raises OSError."""
    if user is not None:
        os.chown(path, user.uid, user.gid, follow_symlinks=False)
