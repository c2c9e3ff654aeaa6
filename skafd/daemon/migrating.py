"""Migrating the database in a child process: a daemon that runs for months does not carry what only that takes."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from skafd.sandbox.prctl import die_with_parent
from skafd.store import Database
from skafd.store.connections import connect_reader
from skafd.store.migrations import SCHEMA_VERSION


def migrate_apart(path: Path) -> None:
    """Migrates the database in a child where it is missing or older; returns when that has ended, however it went.

    What the child could not do is left to `Database.open`, which tries it too and says what is wrong.
    The child ends with this process, and until then has its share in the lock of the state folder, so nobody else
    migrates meanwhile. To be called before there are threads.
    """
    if path.exists() and _version(path) >= SCHEMA_VERSION:
        return
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _migrate(path, parent)
    os.waitpid(child, 0)


def _version(path: Path) -> int:
    """What `Database.open` will refuse counts as up to date."""
    try:
        with closing(connect_reader(path)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error:
        return SCHEMA_VERSION
    return int(version)


def _migrate(path: Path, parent: int) -> NoReturn:
    # Whatever happens, nothing of the parent's may be unwound, flushed or said a second time.
    try:
        die_with_parent(signal.SIGKILL)
        if os.getppid() == parent:
            Database.open(path).close()
    finally:
        os._exit(0)
