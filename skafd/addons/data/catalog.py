"""What is known of a project's tables besides their rows, in its own database: a copy of the file is complete."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from skafd.addons.data.quoting import quoted
from skafd.addons.data.schemas import TableSchema

_TABLES = (
    "tables (name VARCHAR PRIMARY KEY, definition VARCHAR NOT NULL)",
    "views (name VARCHAR PRIMARY KEY, title VARCHAR, owner VARCHAR, slug VARCHAR, target VARCHAR)",
    "shares (project VARCHAR PRIMARY KEY, slug VARCHAR NOT NULL, may_write BOOLEAN NOT NULL)",
)


@dataclass(frozen=True, slots=True)
class View:
    """A name under which a project queries a table, of its own or of another project."""

    name: str
    owner: str
    """The owner's id."""
    slug: str
    target: str


class Catalog:
    """Names are found whatever their case. Writes go through the connection that they are given, in its transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, alias: str) -> None:
        """The connection is for reading, and belongs to the catalog from now on."""
        self._connection = connection
        self._lock = threading.Lock()
        self._known: dict[str, TableSchema] = {}
        self._is_changing = False
        self._versions: Counter[str] = Counter()
        self._touched: set[str] = set()
        self._schema = f"{quoted(alias)}._skafd"
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {self._schema}")
        for table in _TABLES:
            connection.execute(f"CREATE TABLE IF NOT EXISTS {self._schema}.{table}")

    def table(self, name: str, connection: duckdb.DuckDBPyConnection | None = None) -> TableSchema | None:
        """The table of that name; seen by the transaction of the connection, if one is given."""
        sql = "SELECT name, definition FROM {}.tables WHERE lower(name) = lower(?)"
        if connection is not None:
            found = connection.execute(sql.format(self._schema), [name]).fetchall()
            return TableSchema.from_json(*found[0]) if found else None
        with self._lock:
            if name not in self._known:
                found = self._connection.execute(sql.format(self._schema), [name]).fetchall()
                if not found:
                    return None
                self._known[name] = TableSchema.from_json(*found[0])
            return self._known[name]

    def touch(self, name: str) -> None:
        """The open transaction writes to that table."""
        self._touched.add(name)

    def version(self, name: str) -> int:
        """How often that table was written to since this process has it open; asked in the thread that writes."""
        return self._versions[name]

    def settled(self) -> None:
        """The transaction in which something was written is over, one way or the other."""
        self._versions.update(self._touched)
        self._touched.clear()
        if self._is_changing:
            self._is_changing = False
            with self._lock:
                self._known.clear()

    def tables(self) -> list[TableSchema]:
        """All tables, by name."""
        return [TableSchema.from_json(*row) for row in self._all("SELECT name, definition FROM {}.tables ORDER BY 1")]

    def view(self, name: str) -> View | None:
        """The view of that name."""
        found = self._all("SELECT title, owner, slug, target FROM {}.views WHERE name = lower(?)", [name])
        return View(*found[0]) if found else None

    def views(self) -> list[View]:
        """All views, by name."""
        return [View(*row) for row in self._all("SELECT title, owner, slug, target FROM {}.views ORDER BY name")]

    def may_write(self, project: str) -> bool | None:
        """What another project may: write, read, or (None) nothing."""
        found = self._all("SELECT may_write FROM {}.shares WHERE project = ?", [project])
        return bool(found[0][0]) if found else None

    def shares(self) -> list[tuple[str, bool]]:
        """Which projects may read or also write, by name."""
        return [(row[0], row[1]) for row in self._all("SELECT slug, may_write FROM {}.shares ORDER BY 1")]

    def put_table(self, connection: duckdb.DuckDBPyConnection, schema: TableSchema) -> None:
        """Records a table."""
        self.touch(schema.name)
        self._put(connection, "tables", [schema.name, schema.to_json()])

    def drop_table(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Forgets a table."""
        self.touch(name)
        self._is_changing = True
        connection.execute(f"DELETE FROM {self._schema}.tables WHERE name = ?", [name])

    def put_view(self, connection: duckdb.DuckDBPyConnection, view: View) -> None:
        """Records a view."""
        self._put(connection, "views", [view.name.lower(), view.name, view.owner, view.slug, view.target])

    def drop_view(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Forgets a view."""
        connection.execute(f"DELETE FROM {self._schema}.views WHERE name = lower(?)", [name])

    def put_share(self, connection: duckdb.DuckDBPyConnection, project: str, slug: str, may_write: bool) -> None:
        """Lets a project read, or also write."""
        self._put(connection, "shares", [project, slug, may_write])

    def drop_share(self, connection: duckdb.DuckDBPyConnection, project: str) -> None:
        """Ends that."""
        connection.execute(f"DELETE FROM {self._schema}.shares WHERE project = ?", [project])

    def _put(self, connection: duckdb.DuckDBPyConnection, table: str, values: Sequence[Any]) -> None:
        self._is_changing = True
        places = ", ".join("?" for _ in values)
        connection.execute(f"INSERT OR REPLACE INTO {self._schema}.{table} VALUES ({places})", list(values))

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql.format(self._schema), list(values)).fetchall()
