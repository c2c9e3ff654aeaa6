"""Where Spark converts by itself and DuckDB refuses: texts among numbers and times, numbers and times among texts.

As in Spark, a text that is no number is nothing then, and not an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, auto

from sqlglot import exp

from skafd.addons.data.schemas import TableSchema

_COMPARE = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_CALCULATE = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
_OF_NUMBERS = (
    *(exp.Sum, exp.Avg, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop),
    *(exp.Round, exp.Abs, exp.Sqrt, exp.Floor, exp.Ceil, exp.Exp, exp.Ln, exp.Log, exp.Pow),
)
_OF_TEXTS = (exp.Like, exp.ILike, exp.RegexpLike, exp.Substring, exp.Lower, exp.Upper, exp.Length, exp.Trim, exp.Split)
_GIVE_TIMES = (exp.CurrentDate, exp.CurrentTimestamp, exp.DateAdd, exp.DateSub, exp.TsOrDsAdd, exp.TsOrDsToDate)
_GIVE_NUMBERS = (exp.Count, exp.Sum, exp.Avg, exp.Year, exp.Month, exp.Day, exp.DateDiff, exp.Length, *_OF_NUMBERS)
_GIVE_WHAT_THEY_TAKE = (exp.Paren, exp.Neg, exp.Max, exp.Min, exp.Distinct)
_PLAIN_NUMBER = re.compile(r"\s*-?\d+\s*")
_PLAIN_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class _Sort(Enum):
    """What a value is, as far as conversions go."""

    NUMBER = auto()
    TEXT = auto()
    TIME = auto()
    OTHER = auto()


class Conversions:
    """For one statement."""

    def __init__(self, tables: Iterable[tuple[str, TableSchema]]) -> None:
        """The tables that it reads, by the names with which their columns are qualified."""
        self._sorts: dict[tuple[str, str], _Sort] = {}
        for alias, schema in tables:
            for column in schema.columns:
                sort = _sort_of(column.type.sql)
                self._sorts[alias.casefold(), column.name.casefold()] = sort
                found = self._sorts.setdefault(("", column.name.casefold()), sort)
                if found is not sort:
                    self._sorts["", column.name.casefold()] = _Sort.OTHER

    def put_into(self, root: exp.Expr) -> None:
        """Changes the statement."""
        for node in list(root.find_all(*_COMPARE, *_CALCULATE, *_OF_NUMBERS, *_OF_TEXTS)):
            operands = list(_operands(node))
            if isinstance(node, _COMPARE):
                self._compare(operands)
            elif isinstance(node, _OF_TEXTS):
                self._write_out(operands[:1])
            elif not any(self._sort(one) is _Sort.TIME or isinstance(one, exp.Interval) for one in operands):
                self._count_with(operands)

    def _compare(self, operands: list[exp.Expr]) -> None:
        sorts = [self._sort(one) for one in operands]
        if _Sort.NUMBER in sorts:
            self._count_with(operands)
            self._read_literals(operands, _PLAIN_NUMBER, "double")
        elif _Sort.TIME in sorts:
            for one, sort in zip(operands, sorts, strict=True):
                if sort is _Sort.TEXT:
                    _convert(one, "timestamp")
            self._read_literals(operands, _PLAIN_DAY, "timestamp")

    def _count_with(self, operands: list[exp.Expr]) -> None:
        for one in operands:
            if self._sort(one) is _Sort.TEXT:
                _convert(one, "double")

    def _write_out(self, operands: list[exp.Expr]) -> None:
        for one in operands:
            if self._sort(one) in (_Sort.NUMBER, _Sort.TIME):
                one.replace(exp.Cast(this=one.copy(), to=exp.DataType.build("text")))

    def _read_literals(self, operands: list[exp.Expr], plain: re.Pattern[str], kind: str) -> None:
        """Texts that DuckDB would read by itself are left alone."""
        for one in operands:
            if isinstance(one, exp.Literal) and one.is_string and not plain.fullmatch(one.this):
                _convert(one, kind)

    def _sort(self, node: exp.Expr) -> _Sort:
        if isinstance(node, exp.Column):
            return self._sorts.get((node.table.casefold(), node.name.casefold()), _Sort.OTHER)
        if isinstance(node, exp.Literal):
            return _Sort.OTHER if node.is_string else _Sort.NUMBER
        if isinstance(node, (exp.Cast, exp.TryCast)):
            return _sort_of(node.to.sql("duckdb"))
        if isinstance(node, _GIVE_WHAT_THEY_TAKE) and isinstance(node.this, exp.Expr):
            return self._sort(node.this)
        if isinstance(node, _GIVE_TIMES):
            return _Sort.TIME
        if isinstance(node, (exp.Lower, exp.Upper, exp.Substring, exp.Trim, exp.Concat)):
            return _Sort.TEXT
        return _Sort.NUMBER if isinstance(node, (*_GIVE_NUMBERS, *_CALCULATE)) else _Sort.OTHER


def _operands(node: exp.Expr) -> Iterator[exp.Expr]:
    arguments: Mapping[str, object] = node.args
    for name in ("this", "expression", "low", "high"):
        value = arguments.get(name)
        if isinstance(value, exp.Expr):
            yield value
    yield from (one for one in node.expressions if isinstance(one, exp.Expr))


def _convert(node: exp.Expr, kind: str) -> None:
    node.replace(exp.TryCast(this=node.copy(), to=exp.DataType.build(kind)))


_NUMBERS = ("TINYINT", "SMALLINT", "INT", "BIGINT", "HUGEINT", "FLOAT", "REAL", "DOUBLE", "DECIMAL")


def _sort_of(sql: str) -> _Sort:
    """Of a type as DuckDB writes it."""
    if sql.endswith("]") or sql.startswith("MAP"):
        return _Sort.OTHER
    if sql in ("VARCHAR", "TEXT"):
        return _Sort.TEXT
    if sql.startswith(("DATE", "TIMESTAMP")):
        return _Sort.TIME
    return _Sort.NUMBER if sql.startswith(_NUMBERS) else _Sort.OTHER
