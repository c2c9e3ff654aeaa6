"""A statement in Spark SQL: checked, its names resolved, turned into DuckDB's SQL.

Two things differ from a plain translation: a text column compared to a number is compared as a number, as Spark does,
and the rows of one table come in the table's own order when the statement asks for none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from skafd.addons.data.schemas import TableSchema
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


@dataclass(frozen=True, slots=True)
class Resolved:
    """The table that a name means."""

    schema: TableSchema
    database: str
    """DuckDB's name of the database."""
    may_write: bool


Resolve = Callable[[str, str | None], Resolved]
"""By name and keyspace. Raises NotFound, Refused."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What is to be executed."""

    kind: Kind
    sql: str
    target: Resolved | None = None
    """What is written to."""
    name: str = ""
    """What is dropped."""
    if_exists: bool = False


def translate(text: str, resolve: Resolve) -> Statement:
    """Raises DataEngineError for what is not understood or not allowed, and what `resolve` raises."""
    if _SHOW_TABLES.fullmatch(text):
        return Statement(Kind.SHOW, "")
    root = _parse(text)
    if isinstance(root, exp.Drop):
        table = root.find(exp.Table)
        name = table.name if table else ""
        return Statement(Kind.DROP, "", name=name, if_exists=bool(root.args.get("exists")))
    target, written = _target(root, resolve)
    tables = _resolve_tables(root, resolve, written)
    _compare_as_numbers(root, tables)
    if isinstance(root, exp.Query):
        _order(root, tables)
        return Statement(Kind.READ, root.sql("duckdb"))
    kind = Kind.INSERT if isinstance(root, exp.Insert) else Kind.DELETE
    return Statement(kind, root.sql("duckdb"), target)


def _parse(text: str) -> exp.Expr:
    try:
        statements = [one for one in sqlglot.parse(text, read="spark") if one is not None]
    except SqlglotError as error:
        raise DataEngineError(f"this SQL is not understood: {_first_line(error)}") from None
    if len(statements) != 1:
        raise DataEngineError(f"one statement at a time; this has {len(statements)}")
    root = statements[0]
    is_drop = isinstance(root, exp.Drop) and root.args.get("kind") in ("TABLE", "VIEW")
    if is_drop or isinstance(root, (exp.Query, exp.Insert, exp.Delete)):
        return root
    raise DataEngineError(
        "only SELECT, INSERT, DELETE, DROP TABLE and SHOW TABLES are understood", "tables are made by save"
    )


def _target(root: exp.Expr, resolve: Resolve) -> tuple[Resolved | None, exp.Table | None]:
    """What INSERT and DELETE write to; its name is replaced."""
    if not isinstance(root, (exp.Insert, exp.Delete)):
        return None, None
    table = root.this.this if isinstance(root.this, exp.Schema) else root.this
    if not isinstance(table, exp.Table) or not table.name or table.catalog:
        raise DataEngineError("it is not said which table is written to")
    found = resolve(table.name, table.db or None)
    if not found.may_write:
        raise DataEngineError(f"{table.name} may be read, and not written to", "its project can share it for writing")
    written = _physical(table, found, keep_alias=isinstance(root, exp.Delete))
    table.replace(written)
    return found, written


def _resolve_tables(root: exp.Expr, resolve: Resolve, written: exp.Table | None) -> list[tuple[str, TableSchema]]:
    """Every table that is read, by the name that columns are qualified with; their names are replaced."""
    own_names = {cte.alias_or_name.casefold() for cte in root.find_all(exp.CTE)}
    resolved: list[tuple[str, TableSchema]] = []
    for table in list(root.find_all(exp.Table)):
        if table is written:
            continue
        if table.catalog:
            raise DataEngineError(f"{table.sql('spark')} is no table", "write keyspace.table, or table alone")
        if not isinstance(table.this, exp.Identifier):
            _check_function(table)
        elif table.db or table.name.casefold() not in own_names:
            found = resolve(table.name, table.db or None)
            resolved.append((table.alias_or_name, found.schema))
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


def _compare_as_numbers(root: exp.Expr, tables: Iterable[tuple[str, TableSchema]]) -> None:
    texts: set[str] = set()
    others: set[str] = set()
    for _, schema in tables:
        for column in schema.columns:
            (texts if column.type.is_text else others).add(column.name.casefold())
    texts -= others
    for comparison in list(root.find_all(exp.Predicate)):
        operands = [comparison.this, *comparison.expressions]
        operands += [comparison.args.get(name) for name in ("expression", "low", "high")]
        given = [one for one in operands if isinstance(one, exp.Expr)]
        if any(_is_number(one) for one in given):
            for one in given:
                if isinstance(one, exp.Column) and one.name.casefold() in texts:
                    one.replace(exp.TryCast(this=one.copy(), to=exp.DataType.build("double")))


def _is_number(node: exp.Expr) -> bool:
    inner = node.this if isinstance(node, exp.Neg) else node
    return isinstance(inner, exp.Literal) and not inner.is_string


def _order(root: exp.Query, tables: list[tuple[str, TableSchema]]) -> None:
    """Gives a statement over one table that asks for no order the order of the table."""
    if not isinstance(root, exp.Select) or len(tables) != 1 or root.args.get("joins") or root.args.get("laterals"):
        return
    source = root.args.get("from_") or root.args.get("from")
    asked = ("order", "group", "distinct", "having", "sort", "cluster", "distribute", "with_", "with")
    if any(root.args.get(name) for name in asked) or source is None or not isinstance(source.this, exp.Table):
        return
    if any(found for one in root.expressions for found in one.find_all(exp.AggFunc, exp.Explode)):
        return
    alias, schema = tables[0]
    order = [
        exp.Ordered(this=exp.column(name, table=alias, quoted=True), desc=is_down, nulls_first=False)
        for name, is_down in schema.order
    ]
    root.set("order", exp.Order(expressions=order))


def _first_line(error: SqlglotError) -> str:
    return str(error).splitlines()[0].replace("\x1b[4m", "").replace("\x1b[0m", "")
