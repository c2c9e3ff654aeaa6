"""The database: one writer, any number of readers."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skafd import crash
from skafd.errors import StoreError
from skafd.store.connections import connect_reader, connect_writer, store_error
from skafd.store.purpose import Purpose
from skafd.store.reader import Reader
from skafd.store.writer import Writer

_IDLE_READERS = 4


class Database:
    """An open `skafd.db`. Transactions belong to the thread that makes the first one; any thread may read."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Use `Database.open`."""
        self.path = path
        self._connection = connection
        self._writing_thread: int | None = None
        self._is_closed = False
        self._idle_readers: deque[sqlite3.Connection] = deque()

    @classmethod
    def open(cls, path: Path) -> Database:
        """Opens or makes the file, checks it and migrates it.

        Raises StoreError if it is damaged, not a database, or was written by a newer version.
        """
        try:
            return cls(path, connect_writer(path))
        except sqlite3.Error as error:
            raise store_error(path, error) from error
        except OSError as error:
            raise StoreError(f"{path} cannot be opened: {error.strerror}") from error

    @contextmanager
    def transaction(self, purpose: Purpose = Purpose.OTHER) -> Iterator[Writer]:
        """Commits, synced to the disk, what was written in the block, or nothing if the block raises.

        Raises StoreError if the database refuses, if a transaction is open, or in a second thread.
        """
        self._check_may_begin()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Writer(self._connection)
                crash.reach(f"transaction.{purpose}.before")
                self._connection.execute("COMMIT")
                crash.reach(f"transaction.{purpose}.after")
            except BaseException:
                # After some errors SQLite has rolled back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise store_error(self.path, error) from error

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """Answers every question in the block from one snapshot, without waiting for the writer.

        Keep the block short: as long as it lasts, the write-ahead log cannot begin anew.
        """
        try:
            connection = self._take_reader()
            try:
                connection.execute("BEGIN")
                yield Reader(connection)
            finally:
                connection.execute("ROLLBACK")
                self._give_back(connection)
        except sqlite3.Error as error:
            raise store_error(self.path, error) from error

    def close(self) -> None:
        """Closes every connection. Nobody may be writing; who still reads may finish."""
        self._is_closed = True
        while self._idle_readers:
            self._idle_readers.popleft().close()
        self._connection.close()

    def _check_may_begin(self) -> None:
        current = threading.get_ident()
        if self._writing_thread is None:
            self._writing_thread = current
        if self._writing_thread != current:
            raise StoreError("a second thread wants to write to the database: a bug")
        if self._connection.in_transaction:
            raise StoreError("a transaction inside a transaction: a bug")

    def _take_reader(self) -> sqlite3.Connection:
        try:
            return self._idle_readers.popleft()
        except IndexError:
            return connect_reader(self.path)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if self._is_closed or len(self._idle_readers) >= _IDLE_READERS:
            connection.close()
        else:
            self._idle_readers.append(connection)
