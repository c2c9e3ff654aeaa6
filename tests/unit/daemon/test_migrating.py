"""The database is brought up to date in a child; what the child cannot do is done, or said, when it is opened."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from skafd.daemon.migrating import migrate_apart
from skafd.store import Database
from skafd.store.migrations import SCHEMA_VERSION

PROGRAM = """\
import sys
from pathlib import Path
from skafd.daemon.migrating import migrate_apart
migrate_apart(Path(sys.argv[1]))
print("sqlite_utils" in sys.modules)
"""


def test_what_a_migration_needs_is_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "skafd.db"
    assert run_program(path) == "False\n"
    assert version(path) == SCHEMA_VERSION


def test_a_file_that_will_be_refused_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "skafd.db"
    path.write_bytes(b"no database at all" * 100)
    migrate_apart(path)
    assert path.read_bytes() == b"no database at all" * 100


def test_a_child_that_was_killed_leaves_it_to_whoever_opens_the_file(tmp_path: Path) -> None:
    path = tmp_path / "skafd.db"
    assert run_program(path, SKAFD_CRASH_AT="migration.before") == "False\n"
    assert version(path) == 0
    Database.open(path).close()
    assert version(path) == SCHEMA_VERSION


def run_program(path: Path, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    ).stdout


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
