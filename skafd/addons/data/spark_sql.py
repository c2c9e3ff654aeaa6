"""A statement in Spark SQL: checked, its names resolved, turned into DuckDB's SQL.

Three things differ from a plain translation: values are converted where Spark converts them by itself, columns without
a name are called as Spark calls them, and the rows of one table come in the table's own order when the statement asks
for none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from skafd.addons.data.schemas import TableSchema
from skafd.addons.data.spark_names import name_columns
from skafd.addons.data.spark_types import Conversions
from skafd.errors import DataEngineError

_HARMLESS_TABLE_FUNCTIONS = (exp.Unnest, exp.Explode, exp.Inline)


_SHOW_TABLES = re.compile(r"\s*show\s+tables\s*;?\s*", re.IGNORECASE)


class Kind(StrEnum):
    """What a statement does."""

    READ = "read"
    INSERT = "insert"
    DELETE = "delete"
    DROP = "drop"
    SHOW = "show"
    """Lists the tables."""
    DESCRIBE = "describe"
    """Lists the columns of a table."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The table that a name means."""

    schema: TableSchema
    database: str
    """DuckDB's name of the database."""
    may_write: bool
    owner: str
    """The id of its project."""

    @property
    def named(self) -> tuple[str, str]:
        """The owner, and what the table is called there."""
        return self.owner, self.schema.name


Resolve = Callable[[str, str | None], Resolved]
"""By name and keyspace. Raises NotFound, Refused."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What is to be executed."""

    kind: Kind
    sql: str
    target: Resolved | None = None
    """What is written to, or described."""
    name: str = ""
    """What is dropped."""
    if_exists: bool = False
    read: tuple[tuple[str, str], ...] = ()
    """Owner and name of each table that it reads."""


def translate(text: str, resolve: Resolve) -> Statement:
    """Raises DataEngineError for what is not understood or not allowed, and what `resolve` raises."""
    if _SHOW_TABLES.fullmatch(text):
        return Statement(Kind.SHOW, "")
    root = _parse(text)
    if isinstance(root, exp.Drop):
        table = root.find(exp.Table)
        name = table.name if table else ""
        return Statement(Kind.DROP, "", name=name, if_exists=bool(root.args.get("exists")))
    if isinstance(root, exp.Describe):
        return Statement(Kind.DESCRIBE, "", resolve(root.this.name, root.this.db or None))
    name_columns(root)
    target, written = _target(root, resolve)
    tables = _resolve_tables(root, resolve, written)
    read = tuple(dict.fromkeys(found.named for _, found in tables))
    Conversions((alias, found.schema) for alias, found in tables).put_into(root)
    if isinstance(root, exp.Query):
        _order(root, tables)
        return Statement(Kind.READ, root.sql("duckdb"), read=read)
    kind = Kind.INSERT if isinstance(root, exp.Insert) else Kind.DELETE
    return Statement(kind, root.sql("duckdb"), target, read=read)


def _parse(text: str) -> exp.Expr:
    try:
        statements = [one for one in sqlglot.parse(text, read="spark") if one is not None]
    except SqlglotError as error:
        raise DataEngineError(f"this SQL is not understood: {_first_line(error)}") from None
    if len(statements) != 1:
        raise DataEngineError(f"one statement at a time; this has {len(statements)}")
    root = statements[0]
    is_drop = isinstance(root, exp.Drop) and root.args.get("kind") in ("TABLE", "VIEW")
    is_description = isinstance(root, exp.Describe) and isinstance(root.this, exp.Table)
    if is_drop or is_description or isinstance(root, (exp.Query, exp.Insert, exp.Delete)):
        return root
    raise DataEngineError(
        "only SELECT, INSERT, DELETE, DROP TABLE, SHOW TABLES and DESCRIBE are understood", "tables are made by save"
    )


def _target(root: exp.Expr, resolve: Resolve) -> tuple[Resolved | None, exp.Table | None]:
    """What INSERT and DELETE write to; its name is replaced."""
    if not isinstance(root, (exp.Insert, exp.Delete)):
        return None, None
    if root.args.get("overwrite"):
        raise DataEngineError("INSERT OVERWRITE is not understood", "DELETE FROM the table, then INSERT INTO it")
    table = root.this.this if isinstance(root.this, exp.Schema) else root.this
    if not isinstance(table, exp.Table) or not table.name or table.catalog:
        raise DataEngineError("it is not said which table is written to")
    found = resolve(table.name, table.db or None)
    if not found.may_write:
        raise DataEngineError(f"{table.name} may be read, and not written to", "its project can share it for writing")
    written = _physical(table, found, keep_alias=isinstance(root, exp.Delete))
    table.replace(written)
    return found, written


def _resolve_tables(root: exp.Expr, resolve: Resolve, written: exp.Table | None) -> list[tuple[str, Resolved]]:
    """Every table that is read, by the name that columns are qualified with; their names are replaced."""
    own_names = {cte.alias_or_name.casefold() for cte in root.find_all(exp.CTE)}
    resolved: list[tuple[str, Resolved]] = []
    for table in list(root.find_all(exp.Table)):
        if table is written:
            continue
        if table.catalog:
            raise DataEngineError(f"{table.sql('spark')} is no table", "write keyspace.table, or table alone")
        if not isinstance(table.this, exp.Identifier):
            _check_function(table)
        elif table.db or table.name.casefold() not in own_names:
            found = resolve(table.name, table.db or None)
            resolved.append((table.alias_or_name, found))
            table.replace(_physical(table, found, keep_alias=True))
    return resolved


def _check_function(table: exp.Table) -> None:
    """Only those that read nothing; the column of range() is called `id`."""
    function = table.this
    name = function.sql_name() if isinstance(function, exp.Func) else function.name
    name = function.name if isinstance(function, exp.Anonymous) else name
    is_range = name.casefold() in ("range", "generate_series")
    if not is_range and not isinstance(function, _HARMLESS_TABLE_FUNCTIONS):
        raise DataEngineError(f"{name}() is no table", "tables are those of this project, and views that it has made")
    if is_range and not table.args.get("alias"):
        table.set("alias", exp.TableAlias(this=exp.to_identifier("range"), columns=[exp.to_identifier("id")]))


def _physical(table: exp.Table, found: Resolved, keep_alias: bool) -> exp.Table:
    alias = table.alias_or_name if keep_alias else None
    new = exp.table_(found.schema.name, db="main", catalog=found.database, quoted=True)
    if alias:
        new.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    for kept in ("joins", "laterals", "pivots", "sample"):
        if table.args.get(kept):
            new.set(kept, table.args[kept])
    return new


def _order(root: exp.Query, tables: list[tuple[str, Resolved]]) -> None:
    """Gives a statement over one table that asks for no order the order of the table."""
    if not isinstance(root, exp.Select) or len(tables) != 1 or root.args.get("joins") or root.args.get("laterals"):
        return
    source = root.args.get("from_") or root.args.get("from")
    asked = ("order", "group", "distinct", "having", "sort", "cluster", "distribute", "with_", "with")
    if any(root.args.get(name) for name in asked) or source is None or not isinstance(source.this, exp.Table):
        return
    if any(found for one in root.expressions for found in one.find_all(exp.AggFunc, exp.Explode)):
        return
    alias, found = tables[0]
    order = [
        exp.Ordered(this=exp.column(name, table=alias, quoted=True), desc=is_down, nulls_first=False)
        for name, is_down in found.schema.order
    ]
    root.set("order", exp.Order(expressions=order))


def _first_line(error: SqlglotError) -> str:
    return str(error).splitlines()[0].replace("\x1b[4m", "").replace("\x1b[0m", "")
