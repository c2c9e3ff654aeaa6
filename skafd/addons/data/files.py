"""Tables from files and into files: Parquet and CSV, read and written by DuckDB."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import duckdb

from skafd.addons.data.catalog import Catalog
from skafd.addons.data.column_types import parse_type
from skafd.addons.data.quoting import quoted, text
from skafd.addons.data.saving import definition, on_conflict
from skafd.addons.data.schemas import Column, TableSchema
from skafd.errors import DataEngineError

FORMATS = ("parquet", "csv")
_TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "UTINYINT": "int",
    "USMALLINT": "int",
    "UINTEGER": "bigint",
    "UBIGINT": "varint",
    "HUGEINT": "varint",
    "FLOAT": "double",
    "DOUBLE": "double",
    "DATE": "date",
    "TIME": "time",
    "UUID": "uuid",
    "BLOB": "blob",
    "VARCHAR": "text",
}


def check_format(form: str) -> None:
    """Raises DataEngineError for a format that files do not have."""
    if form not in FORMATS:
        raise DataEngineError(f"files have no format {form!r}", " or ".join(FORMATS))


def write_file(connection: duckdb.DuckDBPyConnection, sql: str, form: str, folder: Path) -> BinaryIO:
    """What a query in DuckDB's SQL gives, as an open file that has no name any more. Raises duckdb.Error."""
    check_format(form)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place, f"rows.{form}")
        connection.execute(f"COPY ({sql}) TO {text(str(path))} (FORMAT {form})")
        return cast(BinaryIO, path.open("rb"))


@dataclass(frozen=True, slots=True)
class Load:
    """A file into a table, for `Commits`: all of its rows or none."""

    catalog: Catalog
    table: str
    """In SQL, with its database."""
    name: str
    key: tuple[str, ...]
    """Of a table that does not exist yet."""
    form: str
    file: str

    def apply(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Makes the table if there is none; the number of rows."""
        source = f"read_{self.form}({text(self.file)})"
        columns = {row[0]: str(row[1]) for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        schema = self.catalog.table(self.name) or self._make_table(connection, columns)
        self.catalog.touch(schema.name)
        names = [name for name in columns if schema.column(name) is not None]
        missing = [name for name in schema.key if name.casefold() not in {one.casefold() for one in names}]
        if missing:
            raise DataEngineError(f"the file has no column {missing[0]}, which is in the primary key of {self.name}")
        listed, keys = _list(names), _list(schema.key)
        numbered = f"SELECT {listed}, row_number() OVER () AS _row FROM {source}"
        last = f"row_number() OVER (PARTITION BY {keys} ORDER BY _row DESC) = 1"
        rows = f"SELECT {listed} FROM ({numbered}) QUALIFY {last}"
        connection.execute(f"INSERT INTO {self.table} ({listed}) {rows} {on_conflict(schema, names)}")
        return int(connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0])

    def apply_alone(self, connection: duckdb.DuckDBPyConnection) -> int:
        """The same; what DuckDB has against the file is said in its words, with the line where it knows it."""
        try:
            return self.apply(connection)
        except duckdb.Error as error:
            raise DataEngineError(f"the file cannot be put into {self.name}: {str(error).split(chr(10))[0]}") from error

    def joined(self, _others: Sequence[object]) -> None:
        """Files are loaded one by one."""
        return

    def _make_table(self, connection: duckdb.DuckDBPyConnection, columns: dict[str, str]) -> TableSchema:
        known = {name.casefold(): name for name in columns}
        unknown = [name for name in self.key if name.casefold() not in known]
        if not self.key or unknown:
            what = f"the file has no column {unknown[0]}" if unknown else f"there is no table {self.name} yet"
            raise DataEngineError(what, f"name its primary key with --key; the file has: {', '.join(columns)}")
        key = tuple(known[name.casefold()] for name in self.key)
        typed = tuple(Column(name, parse_type(_cql(kind))) for name, kind in columns.items())
        schema = TableSchema(self.name, typed, key, tuple((name, False) for name in key))
        connection.execute(f"CREATE TABLE {self.table} ({definition(schema)})")
        self.catalog.put_table(connection, schema)
        return schema


def _list(names: Sequence[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def _cql(kind: str) -> str:
    if kind.endswith("[]"):
        return f"list<{_cql(kind.removesuffix('[]'))}>"
    if kind.startswith("DECIMAL"):
        return "decimal"
    if kind.startswith("TIMESTAMP"):
        return "timestamp"
    return _TYPES.get(kind, "text")
