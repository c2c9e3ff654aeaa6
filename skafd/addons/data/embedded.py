"""The engine on DuckDB, in this process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from skafd.addons.data.answers import answer_of
from skafd.addons.data.catalog import View
from skafd.addons.data.changing import Change
from skafd.addons.data.complaints import one_line
from skafd.addons.data.databases import Database, Databases
from skafd.addons.data.engine import Answer, Project, Segment
from skafd.addons.data.files import Load, check_format, write_file
from skafd.addons.data.on_spark.reading import SparkAccess, SparkReading
from skafd.addons.data.resolving import Resolved
from skafd.addons.data.saving import Save, on_conflict
from skafd.addons.data.schemas import TableSchema, parse_schema
from skafd.addons.data.spark_sql import Kind, Statement, translate
from skafd.errors import DataEngineError, NotFound, Refused

Find = Callable[[str], Project]
"""A project by its token, short name or name. Raises NotFound."""


class EmbeddedEngine:
    """Implements `engine.Engine`; what only reads may be answered by Spark, over the same tables."""

    def __init__(
        self,
        folder: Path,
        find: Find,
        memory_bytes: int | None = None,
        threads: int | None = None,
        spark: SparkAccess | None = None,
    ) -> None:
        self._databases = Databases(folder, memory_bytes, threads, spark.tables if spark else None)
        self._spark = SparkReading(spark, self._databases) if spark else None
        self._find = find

    def close(self) -> None:
        """Nothing may be asked any more."""
        self._databases.close()
        if self._spark is not None:
            self._spark.close()

    def save(self, asks: Project, owner: Project, schema: object, segments: Sequence[Segment]) -> int:
        """See `Engine`."""
        wanted = parse_schema(schema)
        database = self._writable(asks, owner)
        known = database.catalog.table(wanted.name)
        table = database.table(known.name if known else wanted.name)
        save = Save(database.catalog, table, wanted, tuple(segments), self._databases.incoming)
        database.commits.do(save)
        return sum(segment.count for segment in segments)

    def create_view(self, asks: Project, name: str, owner: Project, table: str) -> None:
        """See `Engine`."""
        if not name:
            raise DataEngineError("a view needs a name")
        own, theirs = self._databases.of(asks), self._readable(asks, owner)
        schema = theirs.catalog.table(table)
        if schema is None:
            raise NotFound(f"{owner.slug} has no table {table}", _list([one.name for one in theirs.catalog.tables()]))
        view = View(name, owner.id, owner.slug, schema.name)

        def make(connection: duckdb.DuckDBPyConnection) -> None:
            if own.catalog.view(name) is not None:
                raise Refused(f'Table(s) ["{name}"] already exists')
            own.catalog.put_view(connection, view)

        own.commits.do(Change(make))

    def query(self, asks: Project, sql: str, most_rows: int | None = None) -> Answer:
        """See `Engine`."""
        spark = self._spark if asks.queries else None
        statement = translate(sql, lambda name, keyspace: self._resolve(asks, name, keyspace), on_spark=bool(spark))
        match statement.kind:
            case Kind.READ if spark is not None:
                return spark.read(asks, statement, most_rows)
            case Kind.READ:
                return replace(self._read(statement.sql, most_rows), read=statement.read)
            case Kind.SHOW:
                names = [{"name": one["name"], "kind": one["kind"]} for one in self.tables(asks)]
                return Answer({"name": "VARCHAR", "kind": "VARCHAR"}, iter([names]))
            case Kind.DESCRIBE:
                return _description(statement)
            case Kind.DROP:
                self._drop(asks, statement)
            case Kind.INSERT | Kind.DELETE:
                self._write(statement)
        written = () if statement.target is None else (statement.target.named,)
        return Answer({"success": "BOOLEAN"}, iter([[{"success": True}]]), statement.read, written)

    def export(self, asks: Project, sql: str, form: str) -> BinaryIO:
        """See `Engine`."""
        statement = translate(sql, lambda name, keyspace: self._resolve(asks, name, keyspace))
        if statement.kind is not Kind.READ:
            raise DataEngineError("only what a SELECT gives can be exported")
        with self._cursor() as cursor:
            try:
                return write_file(cursor, statement.sql, form, self._databases.incoming)
            except duckdb.Error as error:
                raise DataEngineError(f"the query failed: {one_line(error)}") from error

    def load(self, asks: Project, table: str, key: Sequence[str], form: str, content: bytes) -> int:
        """See `Engine`."""
        check_format(form)
        if not table:
            raise DataEngineError("a file is put into a table: name one")
        database = self._databases.of(asks)
        known = database.catalog.table(table)
        name = known.name if known else table
        with tempfile.NamedTemporaryFile(dir=self._databases.incoming, suffix=f".{form}") as file:
            file.write(content)
            file.flush()
            load = Load(database.catalog, database.table(name), name, tuple(key), form, file.name)
            return int(database.commits.do(load))

    def tables(self, owner: Project) -> list[Mapping[str, Any]]:
        """See `Engine`."""
        database = self._databases.of(owner)
        found: list[Mapping[str, Any]] = [self._about(database, schema) for schema in database.catalog.tables()]
        views = [
            {"name": one.name, "kind": "view", "of": f"{one.slug}.{one.target}"} for one in database.catalog.views()
        ]
        return [*found, *views]

    def share(self, owner: Project, reader: Project, may_write: bool) -> None:
        """See `Engine`."""
        database = self._databases.of(owner)
        put = database.catalog.put_share
        database.commits.do(Change(lambda connection: put(connection, reader.id, reader.slug, may_write)))

    def unshare(self, owner: Project, reader: Project) -> None:
        """See `Engine`."""
        database = self._databases.of(owner)
        database.commits.do(Change(lambda connection: database.catalog.drop_share(connection, reader.id)))

    def shares(self, owner: Project) -> list[Mapping[str, Any]]:
        """See `Engine`."""
        found = self._databases.of(owner).catalog.shares()
        return [{"project": slug, "may_write": may_write} for slug, may_write in found]

    # --- names ------------------------------------------------------------------------------------------

    def _resolve(self, asks: Project, name: str, keyspace: str | None) -> Resolved:
        """A view of the project comes before a table of the same name; with a keyspace, a table of that project."""
        if keyspace is not None:
            return self._table_of(asks, self._find(keyspace), name)
        own = self._databases.of(asks)
        view = own.catalog.view(name)
        if view is not None:
            return self._table_of(asks, Project(view.owner, view.slug), view.target)
        schema = own.catalog.table(name)
        if schema is None:
            known = [one.name for one in own.catalog.views()] + [one.name for one in own.catalog.tables()]
            raise NotFound(f"there is no view or table {name}", _list(known))
        return Resolved(schema, own.alias, may_write=True, owner=asks.id)

    def _table_of(self, asks: Project, owner: Project, name: str) -> Resolved:
        database = self._readable(asks, owner)
        schema = database.catalog.table(name)
        if schema is None:
            raise NotFound(f"{owner.slug} has no table {name}", _list([one.name for one in database.catalog.tables()]))
        may_write = owner.id == asks.id or bool(database.catalog.may_write(asks.id))
        return Resolved(schema, database.alias, may_write, owner.id)

    def _readable(self, asks: Project, owner: Project) -> Database:
        database = self._databases.of(owner)
        if owner.id != asks.id and database.catalog.may_write(asks.id) is None:
            raise _not_shared(asks, owner, "")
        return database

    def _writable(self, asks: Project, owner: Project) -> Database:
        database = self._databases.of(owner)
        if owner.id != asks.id and not database.catalog.may_write(asks.id):
            raise _not_shared(asks, owner, " --write")
        return database

    # --- statements -------------------------------------------------------------------------------------

    def _read(self, sql: str, most_rows: int | None) -> Answer:
        cursor = self._databases.cursor()
        try:
            cursor.execute(sql)
            return answer_of(cursor, most_rows)
        except duckdb.Error as error:
            cursor.close()
            raise DataEngineError(f"the query failed: {one_line(error)}") from error

    def _write(self, statement: Statement) -> None:
        assert statement.target is not None
        schema, sql = statement.target.schema, statement.sql
        if statement.kind is Kind.INSERT:
            sql = f"{sql} {on_conflict(schema, [column.name for column in schema.columns])}"
        database = self._databases.named(statement.target.database)

        def make(connection: duckdb.DuckDBPyConnection) -> None:
            database.catalog.touch(schema.name)
            connection.execute(sql)

        database.commits.do(Change(make))

    def _drop(self, asks: Project, statement: Statement) -> None:
        """The view of that name; the project's own table where there is none."""
        own = self._databases.of(asks)
        view, schema = own.catalog.view(statement.name), own.catalog.table(statement.name)
        if view is None and schema is None:
            if statement.if_exists:
                return
            raise NotFound(f"there is no view or table {statement.name}")

        def make(connection: duckdb.DuckDBPyConnection) -> None:
            if view is not None:
                own.catalog.drop_view(connection, view.name)
            elif schema is not None:
                connection.execute(f"DROP TABLE {own.table(schema.name)}")
                own.catalog.drop_table(connection, schema.name)

        own.commits.do(Change(make))

    def _about(self, database: Database, schema: TableSchema) -> Mapping[str, Any]:
        with self._cursor() as cursor:
            rows = cursor.execute(f"SELECT count(*) FROM {database.table(schema.name)}").fetchall()[0][0]
        return {
            "name": schema.name,
            "kind": "table",
            "rows": rows,
            "columns": {column.name: column.type.name for column in schema.columns},
            "primary_key": list(schema.key),
            "order_by": [f"{name} desc" if is_down else name for name, is_down in schema.order],
        }

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self._databases.cursor()
        try:
            yield cursor
        finally:
            cursor.close()


def _description(statement: Statement) -> Answer:
    assert statement.target is not None
    columns = statement.target.schema.columns
    rows = [{"col_name": column.name, "data_type": column.type.name, "comment": None} for column in columns]
    return Answer(dict.fromkeys(("col_name", "data_type", "comment"), "VARCHAR"), iter([rows]))


def _not_shared(asks: Project, owner: Project, option: str) -> Refused:
    return Refused(
        f"{owner.slug} does not share its tables with {asks.slug}" + (" for writing" if option else ""),
        f"its owner can: skafd data {owner.slug} --share-with {asks.slug}{option}",
    )


def _list(names: Sequence[str]) -> str:
    return f"there are: {', '.join(dict.fromkeys(names))}" if names else "it has none yet; `save` makes one"
