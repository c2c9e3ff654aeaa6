"""Tables at one instant: the thread that writes to a database is what opens the transaction in which they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import duckdb

from skafd.addons.data.changing import Change
from skafd.addons.data.databases import Database, Databases
from skafd.addons.data.quoting import quoted
from skafd.addons.data.resolving import Resolved
from skafd.addons.data.schemas import TableSchema
from skafd.errors import NotFound


@dataclass(frozen=True, slots=True)
class Seen:
    """A table at the instant at which it is read."""

    table: Resolved
    schema: TableSchema
    version: int


def look(
    cursor: duckdb.DuckDBPyConnection, databases: Databases, tables: Sequence[Resolved]
) -> dict[tuple[str, str], Seen]:
    """What each table is, by owner and name, at the instant that the cursor sees from now on.

    Those of one project are of one instant. Raises NotFound for one that was dropped meanwhile.
    """
    cursor.execute("BEGIN")
    seen: dict[tuple[str, str], Seen] = {}
    for alias in dict.fromkeys(table.database for table in tables):
        database = databases.named(alias)
        own = [table for table in tables if table.database == alias]
        seen |= database.commits.do(Change(partial(_look, cursor, database, own)))
    return seen


def _look(
    cursor: duckdb.DuckDBPyConnection, database: Database, tables: Sequence[Resolved], _writing: object
) -> dict[tuple[str, str], Seen]:
    """In the thread that writes to the database, so that nothing is written meanwhile."""
    # From the first look on the transaction sees nothing newer.
    cursor.execute(f"SELECT 1 FROM {quoted(database.alias)}._skafd.tables LIMIT 1").fetchall()
    seen: dict[tuple[str, str], Seen] = {}
    for table in tables:
        schema = database.catalog.table(table.schema.name)
        if schema is None:
            raise NotFound(f"{database.project.slug} has no table {table.schema.name} any more")
        seen[table.named] = Seen(table, schema, database.catalog.version(schema.name))
    return seen
