"""Which environments there are, who needs them, and the removal of those that nobody needs."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from skafd.api.environments import EnvironmentInfo
from skafd.daemon.mailbox import Mailbox
from skafd.daemon.removing import remove_tree
from skafd.environments.shelf import Shelf, Shelved
from skafd.home import Home
from skafd.model.decisions import Event
from skafd.store import Database, Purpose, Writer

_IDLE_SECONDS = 600.0
"""One that was asked for since may be that of a deployment which is about to be written down."""


class EnvironmentKeeping:
    """Methods may be called from any thread but the orchestrator's."""

    def __init__(self, home: Home, database: Database, mailbox: Mailbox) -> None:
        self._home = home
        self._database = database
        self._mailbox = mailbox
        self._shelf = Shelf(home.environments)

    def environments(self) -> list[EnvironmentInfo]:
        """All of them, the one unused for longest first."""
        users = self._users()
        return [_info(one, users.get(one.key, [])) for one in self._shelf.all()]

    def collect(
        self, dry_run: bool, idle_seconds: float = _IDLE_SECONDS, keys: Collection[str] | None = None
    ) -> list[EnvironmentInfo]:
        """Removes those that no kept deployment needs, only of `keys` if given, and says which.

        Raises StoreError, DaemonUnreachable.
        """
        users, before = self._users(), time.time() - idle_seconds
        unused = [one for one in self._shelf.all() if one.key not in users and one.used_at < before]
        unused = [one for one in unused if keys is None or one.key in keys]
        found = [_info(one, []) for one in unused]
        for one in () if dry_run else unused:
            self._take_out(one, before)
        if not dry_run:
            remove_tree(self._shelf.trash)
            self._shelf.forget_records({*users})
        return found

    def _take_out(self, one: Shelved, before: float) -> None:
        """In the orchestrator's thread, as a release is: nothing can go live while its environment is taken out."""

        def prepare(writer: Writer) -> list[Event]:
            if one.key not in self._users() and self._shelf.used_at(one.key) < before:
                self._shelf.throw_away(one.key)
                writer.forget_environment(one.key)
            return []

        self._mailbox.put(prepare, Purpose.HOUSEKEEPING).result()

    def _users(self) -> dict[str, list[str]]:
        """By key, the deployments whose code is still there."""
        with self._database.reader() as reader:
            found = reader.environment_users()
        kept: dict[str, list[str]] = {}
        for key, uses in found.items():
            for use in uses:
                if use.is_live or (self._home.deployments / use.slug / use.snapshot_hash).is_dir():
                    kept.setdefault(key, []).append(f"{use.slug}#{use.deployment}")
        return kept


def _info(one: Shelved, users: list[str]) -> EnvironmentInfo:
    sizes = list(_sizes(one.path))
    return EnvironmentInfo(
        key=one.key,
        kind=one.lock.kind.value if one.lock else "",
        python=one.lock.python if one.lock else "",
        packages=len(one.lock.packages) if one.lock else 0,
        size_bytes=sum(size for size, _ in sizes),
        own_bytes=sum(size for size, is_shared in sizes if not is_shared),
        made_at=_iso(one.made_at),
        used_at=_iso(one.used_at),
        users=users,
    )


def _sizes(folder: Path) -> Iterator[tuple[int, bool]]:
    """Of each file, what it takes on disk, and whether it has other names."""
    for parent, _, names in os.walk(folder):
        for name in names:
            status = Path(parent, name).lstat()
            yield status.st_blocks * 512, status.st_nlink > 1


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
