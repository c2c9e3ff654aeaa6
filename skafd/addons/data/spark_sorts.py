"""What a value in a statement is, as far as Spark's conversions go."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from sqlglot import exp

from skafd.addons.data.schemas import TableSchema

_GIVE_TIMES = (exp.CurrentDate, exp.CurrentTimestamp, exp.DateAdd, exp.DateSub, exp.TsOrDsAdd, exp.TsOrDsToDate)
_GIVE_WHOLES = (exp.Count, exp.Year, exp.Month, exp.Day, exp.DateDiff, exp.Length)
_GIVE_NUMBERS = (
    *(exp.Sum, exp.Avg, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop, exp.Div),
    *(exp.Round, exp.Sqrt, exp.Floor, exp.Ceil, exp.Exp, exp.Ln, exp.Log, exp.Pow),
)
_GIVE_TEXTS = (exp.Lower, exp.Upper, exp.Substring, exp.Trim, exp.Concat)
_GIVE_WHAT_THEY_TAKE = (
    exp.Paren,
    exp.Neg,
    exp.Abs,
    exp.Max,
    exp.Min,
    exp.Distinct,
    exp.Coalesce,
    exp.Greatest,
    exp.Least,
)
_CALCULATE = (exp.Add, exp.Sub, exp.Mul, exp.Mod)
_WHOLE = ("TINYINT", "SMALLINT", "INT", "BIGINT", "HUGEINT")
_NUMBERS = ("FLOAT", "REAL", "DOUBLE", "DECIMAL")


class Sort(Enum):
    """A sort of values."""

    WHOLE = auto()
    NUMBER = auto()
    """That may have a fraction."""
    TEXT = auto()
    TIME = auto()
    OTHER = auto()

    @property
    def is_number(self) -> bool:
        """Whole or not."""
        return self in (Sort.WHOLE, Sort.NUMBER)


class Sorts:
    """Of the columns of the tables that a statement reads, and of what is made of them."""

    def __init__(self, tables: Iterable[tuple[str, TableSchema]]) -> None:
        """The tables, by the names with which their columns are qualified."""
        self._columns: dict[tuple[str, str], Sort] = {}
        for alias, schema in tables:
            for column in schema.columns:
                sort = _sort_of(column.type.sql)
                self._columns[alias.casefold(), column.name.casefold()] = sort
                found = self._columns.setdefault(("", column.name.casefold()), sort)
                if found is not sort:
                    self._columns["", column.name.casefold()] = Sort.OTHER

    def of(self, node: exp.Expr) -> Sort:
        """OTHER where that is not known."""
        if isinstance(node, exp.Column):
            return self._columns.get((node.table.casefold(), node.name.casefold()), Sort.OTHER)
        if isinstance(node, exp.Literal):
            return Sort.OTHER if node.is_string else Sort.WHOLE if node.is_int else Sort.NUMBER
        if isinstance(node, (exp.Cast, exp.TryCast)):
            return _sort_of(node.to.sql("duckdb"))
        if isinstance(node, _GIVE_WHAT_THEY_TAKE) and isinstance(node.this, exp.Expr):
            return self.of(node.this)
        if isinstance(node, _CALCULATE):
            return self._of_both(node)
        return _given_by(node)

    def _of_both(self, node: exp.Binary) -> Sort:
        both = (self.of(node.left), self.of(node.right))
        if Sort.TIME in both:
            return Sort.TIME
        return Sort.WHOLE if both == (Sort.WHOLE, Sort.WHOLE) else Sort.NUMBER


def _given_by(node: exp.Expr) -> Sort:
    for kinds, sort in (
        (_GIVE_TIMES, Sort.TIME),
        (_GIVE_TEXTS, Sort.TEXT),
        (_GIVE_WHOLES, Sort.WHOLE),
        (_GIVE_NUMBERS, Sort.NUMBER),
    ):
        if isinstance(node, kinds):
            return sort
    return Sort.OTHER


def _sort_of(sql: str) -> Sort:
    """Of a type as DuckDB writes it."""
    if sql.endswith("]") or sql.startswith("MAP"):
        return Sort.OTHER
    if sql in ("VARCHAR", "TEXT"):
        return Sort.TEXT
    if sql.startswith(("DATE", "TIMESTAMP")):
        return Sort.TIME
    if is_whole_type(sql):
        return Sort.WHOLE
    return Sort.NUMBER if sql.startswith(_NUMBERS) else Sort.OTHER


def is_whole_type(sql: str) -> bool:
    """Of whole numbers."""
    return sql.startswith(_WHOLE) and not sql.startswith("INTERVAL")
