"""Opening the SQLite file: one way to write, one way to read."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from skafd.errors import StoreError
from skafd.store.migrations import SCHEMA_VERSION, migrate

OLDEST_SQLITE = (3, 37)
"""The first with STRICT tables."""
BUSY_TIMEOUT_SECONDS = 10
"""Only somebody else's tool can make us wait: the daemon is the only writer."""
_STATEMENTS_KEPT = 256
_LARGEST_IDLE_LOG_BYTES = 16 * 2**20
"""One large transaction would otherwise leave a write-ahead log of its size for ever."""


def connect_writer(path: Path) -> sqlite3.Connection:
    """Opens the file for writing, makes it if need be (mode 0600), checks it and brings it up to date."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(
            f"this Python has SQLite {sqlite3.sqlite_version}, and skafd needs 3.37 or later",
            "run skafd with another Python, for example one that `uv python install` brings",
        )
    # Made here because SQLite would use the process's umask; the -wal and -shm files take its mode.
    path.touch(mode=0o600)
    path.chmod(0o600)
    connection = _connect(path, "rw")
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_IDLE_LOG_BYTES}").fetchone()
        _check(path, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Opens the file for reading; nothing through this connection can change it."""
    return _connect(path, "ro")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS_KEPT,
    )
    connection.row_factory = sqlite3.Row
    return connection


def _check(path: Path, connection: sqlite3.Connection) -> None:
    (damage,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if damage != "ok":
        raise StoreError(f"{path} is damaged: {damage}", _REPLACE_HINT)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        (writer,) = connection.execute("SELECT value FROM meta WHERE key = 'written_by'").fetchone()
        raise StoreError(
            f"{path} was written by a newer version of skafd ({writer})", f"install skafd {writer} or later"
        )
    if version < SCHEMA_VERSION:
        migrate(connection)


_MAY_BE_READ_ONLY = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
"""What SQLite says of such a disk depends on the file at which it noticed."""
_WRITABLE_HINT = "mount it writable again: after an error the kernel makes a disk read-only, and `dmesg` says why"
_REPLACE_HINT = "put a backup in its place, or move the file away to begin without history"


def store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """What an error of SQLite means to the people who run the daemon."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _MAY_BE_READ_ONLY and _is_read_only(path.parent):
        return StoreError(f"{path} takes nothing, since its disk is read-only ({error})", _WRITABLE_HINT)
    hints = {
        sqlite3.SQLITE_FULL: "make room on its disk; nothing that was written before is lost",
        sqlite3.SQLITE_BUSY: "another program has the file open for writing: end it",
        sqlite3.SQLITE_READONLY: "make the file and its folder writable for the user that runs the daemon",
        sqlite3.SQLITE_CANTOPEN: "make the file and its folder accessible to the user that runs the daemon",
        sqlite3.SQLITE_CORRUPT: _REPLACE_HINT,
        sqlite3.SQLITE_NOTADB: _REPLACE_HINT,
    }
    return StoreError(f"{path}: {error}", hints.get(code))


def _is_read_only(folder: Path) -> bool:
    """Tries it: a disk that the kernel has shut after an error need not say so when it is asked."""
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600))
    except OSError as error:
        return error.errno == errno.EROFS
    return False


def is_disk_full(error: BaseException) -> bool:
    """Whether the database refused a write for want of room."""
    return getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
