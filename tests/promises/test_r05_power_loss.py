"""R5: power loss keeps every acknowledged transition.

While runs are written, the file is copied together with a random prefix of its write-ahead log, as a disk may have them
that lost what was not synced. What opens from it is whole, is exactly what had been acknowledged up to that byte, and
the engine goes on from it.
"""

from __future__ import annotations

import random
import shutil
from datetime import timedelta
from pathlib import Path

from skafd.daemon.restoring import restore
from skafd.model.decisions import TimePassed
from skafd.model.ids import ProjectId
from skafd.model.limits import Capacity
from skafd.store import Database
from tests.support.stored import NOON, add_churn, apply, life
from tests.support.tortured import scaled

COPIES, ALL_COPIES = 150, 1000
RUNS_PER_LOG = 8


class Disk:
    """A database, and the length of its log at every moment at which something was acknowledged."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.path = folder / "skafd.db"
        self.log = folder / "skafd.db-wal"
        self.database = Database.open(self.path)
        self.project = add_churn(self.database, folder)
        self.number = 0
        self.events: list[tuple[int, int]] = []

    def begin_new_log(self) -> None:
        """Everything so far is in the file itself."""
        self.database._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        # By itself SQLite copies into the file what was synced before: never what a power loss could take back.
        self.database._connection.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
        self.events = [(0, self._count())]

    def run(self) -> None:
        """One more run, from its beginning to its end."""
        self.number += 1
        for step in life(ProjectId(self.project), self.number):
            apply(self.database, step, now=NOON + timedelta(minutes=self.number))
            self.events.append((self.log.stat().st_size, self._count()))

    def _count(self) -> int:
        with self.database.reader() as reader:
            return len(reader.events(limit=10**9))

    def copy(self, folder: Path, cut: int) -> Path:
        """What a disk may hold that kept `cut` bytes of the log."""
        folder.mkdir()
        copied = folder / "skafd.db"
        shutil.copy(self.path, copied)
        (folder / "skafd.db-wal").write_bytes(self.log.read_bytes()[:cut])
        return copied


def test_what_was_acknowledged_is_there_after_any_cut(tmp_path: Path) -> None:
    dice = random.Random(5)
    disk = Disk(tmp_path / "disk")
    for number in range(scaled(COPIES, ALL_COPIES)):
        if number % 20 == 0:
            disk.begin_new_log()
            for _ in range(dice.randint(1, RUNS_PER_LOG)):
                disk.run()
        cut = dice.randint(0, disk.events[-1][0])
        acknowledged = max(events for size, events in disk.events if size <= cut)
        _check(disk.copy(tmp_path / "copy", cut), acknowledged)
        shutil.rmtree(tmp_path / "copy")
    disk.database.close()


def _check(path: Path, acknowledged: int) -> None:
    database = Database.open(path)
    try:
        assert database._connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert database._connection.execute("PRAGMA foreign_key_check").fetchall() == []
        with database.reader() as reader:
            assert len(reader.events(limit=10**9)) == acknowledged
            engine, _ = restore(reader, Capacity(cpu=4, memory_bytes=2**33))
        decisions = engine.handle([TimePassed()], NOON + timedelta(days=1))
        with database.transaction() as writer:
            writer.apply(decisions, NOON + timedelta(days=1))
    finally:
        database.close()
