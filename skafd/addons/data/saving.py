"""Rows into a table: inserted, or updated where the key is known. What is left out of a row stays as it was."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from skafd.addons.data import few_rows
from skafd.addons.data.catalog import Catalog
from skafd.addons.data.column_types import ColumnType
from skafd.addons.data.engine import Segment
from skafd.addons.data.quoting import quoted, text
from skafd.addons.data.schemas import Column, TableSchema
from skafd.errors import DataEngineError

_SMALL_BYTES = 256 * 1024
"""More than that DuckDB reads from a file, with several threads."""
_MOST_JOINED_BYTES = 4 * 2**20
_USUAL_ROW_BYTES = 4 * 2**20
"""DuckDB reads in blocks of twice that size."""
_LARGEST_ROW_BYTES = 256 * 2**20
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Save:
    """A change of one table, for `Commits`."""

    catalog: Catalog
    table: str
    """In SQL, with its database."""
    schema: TableSchema
    segments: tuple[Segment, ...]
    incoming: Path
    is_careful: bool = False
    """What is quick has failed."""

    def apply(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Makes the table, and puts the rows into it."""
        schema = self._ensure_table(connection)
        for segment in self.segments:
            self._put(connection, schema, segment)

    def apply_alone(self, connection: duckdb.DuckDBPyConnection) -> None:
        """The same without haste; what is wrong with a row is found and said."""
        careful = replace(self, is_careful=True)
        schema = self._ensure_table(connection)
        for segment in self.segments:
            try:
                careful._put(connection, schema, segment)
            except duckdb.Error as error:
                connection.execute("ROLLBACK")
                raise careful._complaint(connection, schema, segment, error) from error

    def joined(self, others: Sequence[object]) -> Save | None:
        """One save for several small ones of the same columns."""
        saves = [self, *others]
        if not all(isinstance(one, Save) and self._is_like(one) for one in saves):
            return None
        segments = [one.segments[0] for one in saves if isinstance(one, Save)]
        if sum(len(segment.rows) for segment in segments) > _MOST_JOINED_BYTES:
            return None
        rows = b"[" + b",".join(segment.rows.strip()[1:-1] for segment in segments) + b"]"
        together = Segment(segments[0].columns, rows, sum(segment.count for segment in segments))
        return replace(self, segments=(together,))

    def _is_like(self, other: Save) -> bool:
        return (
            len(other.segments) == 1
            and other.segments[0].count > 0
            and other.table == self.table
            and other.schema == self.schema
            and other.segments[0].columns == self.segments[0].columns
        )

    def _ensure_table(self, connection: duckdb.DuckDBPyConnection) -> TableSchema:
        # What an earlier write of this transaction has made only this connection sees.
        known = self.catalog.table(self.schema.name) or self.catalog.table(self.schema.name, connection)
        if known is None:
            connection.execute(f"CREATE TABLE {self.table} ({definition(self.schema)})")
            self.catalog.put_table(connection, self.schema)
            return self.schema
        new = _check_fit(known, self.schema)
        for column in new:
            connection.execute(f"ALTER TABLE {self.table} ADD COLUMN {quoted(column.name)} {column.type.sql}")
        if new or known.order != self.schema.order:
            known = replace(known, columns=(*known.columns, *new), order=_known_order(known, self.schema))
            self.catalog.put_table(connection, known)
        return known

    def _put(self, connection: duckdb.DuckDBPyConnection, schema: TableSchema, segment: Segment) -> None:
        if segment.count == 0:
            return
        self.catalog.touch(schema.name)
        columns = _columns_of(schema, segment)
        if segment.count <= few_rows.MOST_ROWS and len(columns) == len(schema.columns) and not self.is_careful:
            for statement in few_rows.replace_rows(self.table, schema, columns, segment.rows):
                connection.execute(statement)
            return
        with self._source(segment) as (source, values):
            connection.execute(_upsert(self.table, schema, columns, source, segment.count > 1), values)

    @contextmanager
    def _source(self, segment: Segment) -> Iterator[tuple[str, list[str]]]:
        """The rows as a table in SQL, every value as text, and the parameters of it."""
        if len(segment.rows) <= _SMALL_BYTES:
            shape = json.dumps([dict.fromkeys(segment.columns, "VARCHAR")])
            yield f"(SELECT unnest(from_json($1, {text(shape)}), max_depth := 2))", [segment.rows.decode()]
            return
        with tempfile.NamedTemporaryFile(dir=self.incoming, suffix=".json") as file:
            file.write(segment.rows)
            file.flush()
            shape = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in segment.columns)
            largest = _LARGEST_ROW_BYTES if self.is_careful else _USUAL_ROW_BYTES
            options = f"format = 'array', maximum_object_size = {largest}, columns = {{{shape}}}"
            yield f"read_json({text(file.name)}, {options})", []

    def _complaint(
        self, connection: duckdb.DuckDBPyConnection, schema: TableSchema, segment: Segment, error: duckdb.Error
    ) -> DataEngineError:
        """Which row and which column are to blame."""
        for key, column in _columns_of(schema, segment):
            with self._source(segment) as (source, values):
                found = connection.execute(_first_bad(key, column.type, column.name in schema.key, source), values)
                bad = found.fetchone()
            if bad is not None:
                return _bad_value(schema, column, segment.first + int(bad[0]), bad[1])
        return DataEngineError(f"{schema.name} could not be written: {error}")


def _upsert(table: str, schema: TableSchema, columns: list[tuple[str, Column]], source: str, may_repeat: bool) -> str:
    names = ", ".join(quoted(column.name) for _, column in columns)
    keys = ", ".join(quoted(name) for name in schema.key)
    values = ", ".join(f"{column.type.reading(quoted(key))} AS {quoted(column.name)}" for key, column in columns)
    rows = f"SELECT {values} FROM {source}"
    if may_repeat:
        # Of rows with one key the last one counts; DuckDB would take the first.
        numbered = f"SELECT {values}, row_number() OVER () AS _row FROM {source}"
        last = f"row_number() OVER (PARTITION BY {keys} ORDER BY _row DESC) = 1"
        rows = f"SELECT {names} FROM ({numbered}) QUALIFY {last}"
    return f"INSERT INTO {table} ({names}) {rows} {on_conflict(schema, [column.name for _, column in columns])}"


def on_conflict(schema: TableSchema, columns: Sequence[str]) -> str:
    """What is done with a row whose key is known."""
    keys = ", ".join(quoted(name) for name in schema.key)
    changed = [quoted(name) for name in columns if name not in schema.key]
    changes = ", ".join(f"{name} = excluded.{name}" for name in changed)
    return f"ON CONFLICT ({keys}) DO " + (f"UPDATE SET {changes}" if changes else "NOTHING")


def definition(schema: TableSchema) -> str:
    """The columns and the key of a table, in SQL."""
    columns = [f"{quoted(column.name)} {column.type.sql}" for column in schema.columns]
    return ", ".join([*columns, f"PRIMARY KEY ({', '.join(quoted(name) for name in schema.key)})"])


def _check_fit(known: TableSchema, given: TableSchema) -> list[Column]:
    """The columns that are new. Raises DataEngineError when the two cannot be one table."""
    if {name.casefold() for name in known.key} != {name.casefold() for name in given.key}:
        raise DataEngineError(
            f"{known.name} has the primary key ({', '.join(known.key)}), the schema says ({', '.join(given.key)})",
            f"use another name, or drop it: DROP TABLE {known.name}",
        )
    new: list[Column] = []
    for column in given.columns:
        there = known.column(column.name)
        if there is None:
            new.append(column)
        elif there.type.sql != column.type.sql:
            raise DataEngineError(
                f"column {column.name} of {known.name} is a {there.type.name}, the schema says {column.type.name}",
                f"use another name, or drop the table: DROP TABLE {known.name}",
            )
    return new


def _known_order(known: TableSchema, given: TableSchema) -> tuple[tuple[str, bool], ...]:
    names = {column.name.casefold(): column.name for column in (*given.columns, *known.columns)}
    return tuple((names[name.casefold()], is_down) for name, is_down in given.order)


def _columns_of(schema: TableSchema, segment: Segment) -> list[tuple[str, Column]]:
    """What rows call each column, and the column; what the table does not have is passed over."""
    found = [(name, schema.column(name)) for name in segment.columns]
    columns = [(name, column) for name, column in found if column is not None]
    there = {column.name for _, column in columns}
    for name in schema.key:
        if name not in there:
            row = segment.first + 1
            raise DataEngineError(f"row {row} for {schema.name} has no {name}, which is in the primary key")
    return columns


def _first_bad(key: str, kind: ColumnType, is_in_key: bool, source: str) -> str:
    raw = quoted(key)
    reading = f"TRY({kind.reading(raw)})"
    wrong = f"{raw} IS NOT NULL AND {raw} NOT IN ('NaN', 'NaT', 'nan', '') AND {reading} IS NULL"
    missing = f"{raw} IS NULL OR {reading} IS NULL" if is_in_key else "false"
    numbered = f"SELECT row_number() OVER () AS place, {raw} FROM {source}"
    return f"SELECT place, {raw} FROM ({numbered}) WHERE ({wrong}) OR ({missing}) ORDER BY place LIMIT 1"


def _bad_value(schema: TableSchema, column: Column, row: int, value: str | None) -> DataEngineError:
    where = f"row {row} for {schema.name}, column {column.name}"
    if value is None:
        return DataEngineError(f"{where}: nothing is there, and it is in the primary key")
    shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}..."
    return DataEngineError(f"{where}: {shown!r} is no {column.type.name}")
