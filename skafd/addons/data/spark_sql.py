"""A statement in Spark SQL: checked, its names resolved, turned into DuckDB's SQL, or into Spark's own.

Three things differ from a plain translation: values are converted where Spark converts them by itself, columns without
a name are called as Spark calls them, and the rows of one table come in the table's own order when the statement asks
for none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from skafd.addons.data.resolving import (
    CalledBySpark,
    Resolve,
    Resolved,
    called_by_duckdb,
    order_by_table,
    replaced,
    resolve_tables,
)
from skafd.addons.data.spark_names import name_columns
from skafd.addons.data.spark_types import Conversions
from skafd.errors import DataEngineError

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
    tables: tuple[Resolved, ...] = ()
    """For Spark: those that it calls by `name_on_spark`."""


def translate(text: str, resolve: Resolve, *, on_spark: bool = False) -> Statement:
    """`on_spark`: where it only reads, as Spark understands it.

    Raises DataEngineError for what is not understood or not allowed, and what `resolve` raises.
    """
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
    if on_spark and isinstance(root, exp.Query):
        return _on_spark(root, resolve)
    target, written = _target(root, resolve)
    tables = resolve_tables(root, resolve, called_by_duckdb, written)
    read = tuple(dict.fromkeys(found.named for _, found in tables))
    Conversions((alias, found.schema) for alias, found in tables).put_into(root)
    if isinstance(root, exp.Query):
        order_by_table(root, tables)
        return Statement(Kind.READ, root.sql("duckdb"), read=read)
    kind = Kind.INSERT if isinstance(root, exp.Insert) else Kind.DELETE
    return Statement(kind, root.sql("duckdb"), target, read=read)


def _on_spark(root: exp.Query, resolve: Resolve) -> Statement:
    """Spark converts by itself."""
    call = CalledBySpark()
    order_by_table(root, resolve_tables(root, resolve, call))
    read = tuple(table.named for table in call.tables)
    sql = root.sql("spark", normalize_functions=False)
    return Statement(Kind.READ, sql, read=read, tables=tuple(call.tables))


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
    written = replaced(table, called_by_duckdb(found), keep_alias=isinstance(root, exp.Delete))
    table.replace(written)
    return found, written


def _first_line(error: SqlglotError) -> str:
    return str(error).splitlines()[0].replace("\x1b[4m", "").replace("\x1b[0m", "")
