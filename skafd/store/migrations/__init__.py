"""The schema, as one step per version. sqlite-utils applies the steps and remembers which were applied."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from skafd import __version__, crash
from skafd.store.migrations import version_1, version_9, versions_2_to_8, versions_10_on

if TYPE_CHECKING:
    from sqlite_utils import Database

STEPS = (
    version_1.VERSION_1,
    versions_2_to_8.VERSION_2,
    versions_2_to_8.VERSION_3,
    versions_2_to_8.VERSION_4,
    versions_2_to_8.VERSION_5,
    versions_2_to_8.VERSION_6,
    versions_2_to_8.VERSION_7,
    versions_2_to_8.VERSION_8,
    version_9.VERSION_9,
    versions_10_on.VERSION_10,
    versions_10_on.VERSION_11,
    versions_10_on.VERSION_12,
    versions_10_on.VERSION_13,
    versions_10_on.VERSION_14,
    versions_10_on.VERSION_15,
    versions_10_on.VERSION_16,
    versions_10_on.VERSION_17,
    versions_10_on.VERSION_18,
    versions_10_on.VERSION_19,
    versions_10_on.VERSION_20,
    versions_10_on.VERSION_21,
)
"""One tuple of statements per version. A step that was released is never changed: add another."""

SCHEMA_VERSION = len(STEPS)


@crash.around("migration")
def migrate(connection: sqlite3.Connection) -> None:
    """Brings the database up to SCHEMA_VERSION, each step in a transaction of its own."""
    # Imported here: it costs 0.2 s and 7 MB, and most starts of the daemon have nothing to migrate.
    with _hidden("numpy", "pandas"):
        import sqlite_utils

    migrations = sqlite_utils.Migrations("skafd")
    for version, statements in enumerate(STEPS, start=1):
        migrations(name=f"version_{version}")(_step(version, statements))
    migrations.apply(sqlite_utils.Database(connection, recursive_triggers=False, execute_plugins=False))


@contextmanager
def _hidden(*packages: str) -> Iterator[None]:
    """Lets optional imports of these fail: where they are installed, they would cost time and 20 MB for nothing."""
    hidden = [package for package in packages if package not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]


def _step(version: int, statements: tuple[str, ...]) -> Callable[[Database], None]:
    def apply(database: Database) -> None:
        for statement in statements:
            database.execute(statement)
        database.execute("REPLACE INTO meta (key, value) VALUES ('written_by', ?)", [__version__])
        database.execute(f"PRAGMA user_version = {version}")

    return apply
