"""`python -m tests.support.faults --home DIR`: a daemon whose database fails in a chosen way, at chosen transactions.

SKAFD_TEST_FAULT is one of the kinds; SKAFD_TEST_FAULT_AT says which transactions: the `first` of each purpose, or about
every third one of all, by a seed.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from skafd.daemon.__main__ import main
from skafd.store import Purpose, Writer, database

SLOW_SECONDS = 0.3
_WRITES = ("INSERT", "UPDATE", "REPLACE", "DELETE")


class Fault(StrEnum):
    """The ways in which a write can go wrong."""

    FAIL = "fail"
    FAIL_AFTER_COMMIT = "fail-after-commit"
    BUSY = "busy"
    SLOW = "slow"
    DISK_FULL = "disk-full"
    READ_ONLY = "read-only"


class FaultyConnection:
    """Stands for the writer's connection; fails while it is told to."""

    def __init__(self, connection: sqlite3.Connection, fault: Fault) -> None:
        self._connection = connection
        self._fault = fault
        self.is_failing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        if self.is_failing:
            self._fail_before(sql)
        cursor = self._connection.execute(sql, parameters)
        if self.is_failing and self._fault is Fault.FAIL_AFTER_COMMIT and sql == "COMMIT":
            raise _error("disk I/O error", sqlite3.SQLITE_IOERR)
        return cursor

    def executemany(self, sql: str, rows: Any) -> sqlite3.Cursor:
        if self.is_failing:
            self._fail_before(sql)
        return self._connection.executemany(sql, rows)

    def _fail_before(self, sql: str) -> None:
        is_write = sql.lstrip().startswith(_WRITES)
        match self._fault:
            case Fault.FAIL if sql == "COMMIT":
                raise _error("disk I/O error", sqlite3.SQLITE_IOERR)
            case Fault.BUSY if sql == "BEGIN IMMEDIATE":
                raise _error("database is locked", sqlite3.SQLITE_BUSY)
            case Fault.SLOW if sql == "COMMIT":
                time.sleep(SLOW_SECONDS)
            case Fault.DISK_FULL if is_write or sql == "COMMIT":
                # SQLite has rolled back by itself when it says so.
                self._connection.execute("ROLLBACK")
                raise _error("database or disk is full", sqlite3.SQLITE_FULL)
            case Fault.READ_ONLY if is_write:
                raise _error("attempt to write a readonly database", sqlite3.SQLITE_READONLY)


class FaultyDatabase(database.Database):
    """A database that fails at the transactions that were asked for."""

    def __init__(self, path: Any, connection: Any) -> None:
        self._faulty = FaultyConnection(connection, Fault(os.environ["SKAFD_TEST_FAULT"]))
        super().__init__(path, self._faulty)  # type: ignore[arg-type]
        self._at = os.environ["SKAFD_TEST_FAULT_AT"]
        self._dice = random.Random(self._at)
        self._seen: Counter[str] = Counter()

    @contextmanager
    def transaction(self, purpose: Purpose = Purpose.OTHER) -> Iterator[Writer]:
        self._seen[purpose] += 1
        is_first = self._seen[purpose] == 1
        self._faulty.is_failing = is_first if self._at == "first" else self._dice.random() < 1 / 3
        try:
            with super().transaction(purpose) as writer:
                yield writer
        finally:
            self._faulty.is_failing = False


def _error(text: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


if __name__ == "__main__":
    from skafd.daemon import application

    application.Database = FaultyDatabase  # type: ignore[misc]
    sys.exit(main())
