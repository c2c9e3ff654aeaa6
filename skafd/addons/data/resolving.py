"""The tables that a statement names: found, allowed, and called what they are called where it is executed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from skafd.addons.data.schemas import TableSchema
from skafd.errors import DataEngineError

_HARMLESS_TABLE_FUNCTIONS = (exp.Unnest, exp.Explode, exp.Inline)
_OF_JAVA = ("reflect", "java_method", "try_reflect")
_KEPT = ("joins", "laterals", "pivots", "sample")


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
Call = Callable[[Resolved], exp.Table]
"""What a table is called where the statement is executed."""


def called_by_duckdb(found: Resolved) -> exp.Table:
    """As it is stored."""
    return exp.table_(found.schema.name, db="main", catalog=found.database, quoted=True)


class CalledBySpark:
    """Numbered, in the order in which they come; `tables` are those that did."""

    def __init__(self) -> None:
        self.tables: list[Resolved] = []

    def __call__(self, found: Resolved) -> exp.Table:
        """The same name for the same table."""
        known = [table.named for table in self.tables]
        if found.named not in known:
            self.tables.append(found)
            known.append(found.named)
        return exp.table_(name_on_spark(known.index(found.named)))


def name_on_spark(number: int) -> str:
    """What a statement on Spark calls the table of that number, from 0."""
    return f"skafd_{number}"


def resolve_tables(
    root: exp.Expr, resolve: Resolve, call: Call, written: exp.Table | None = None
) -> list[tuple[str, Resolved]]:
    """Every table that is read, by the name that columns are qualified with; their names are replaced.

    Raises DataEngineError for what is no table, and what `resolve` raises.
    """
    _check_harmless(root)
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
            table.replace(replaced(table, call(found), keep_alias=True))
    return resolved


def replaced(table: exp.Table, new: exp.Table, *, keep_alias: bool) -> exp.Table:
    """The new one in the place of a table, with all that is said of it there."""
    if keep_alias and table.alias_or_name:
        new.set("alias", exp.TableAlias(this=exp.to_identifier(table.alias_or_name, quoted=True)))
    for kept in _KEPT:
        if table.args.get(kept):
            new.set(kept, table.args[kept])
    return new


def order_by_table(root: exp.Query, tables: Sequence[tuple[str, Resolved]]) -> None:
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


def _check_harmless(root: exp.Expr) -> None:
    """What Spark could run besides SQL: programs, and Java's own methods."""
    if root.find(exp.QueryTransform):
        raise DataEngineError("TRANSFORM is not understood", "a query cannot start programs")
    for function in root.find_all(exp.Anonymous):
        if function.name.casefold() in _OF_JAVA:
            raise DataEngineError(f"{function.name}() is not understood", "a query cannot call Java")


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
