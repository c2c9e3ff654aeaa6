"""Where Spark converts by itself and DuckDB refuses: texts among numbers and times, numbers and times among texts.

As in Spark, a text that is no number is nothing then, and not an error, and what becomes a whole number is cut off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from sqlglot import exp

from skafd.addons.data.schemas import TableSchema
from skafd.addons.data.spark_sorts import Sort, Sorts, is_whole_type
from skafd.errors import DataEngineError

_COMPARE = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_CALCULATE = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
_OF_NUMBERS = (
    *(exp.Sum, exp.Avg, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop),
    *(exp.Round, exp.Abs, exp.Sqrt, exp.Floor, exp.Ceil, exp.Exp, exp.Ln, exp.Log, exp.Pow),
)
_OF_TEXTS = (exp.Like, exp.ILike, exp.RegexpLike, exp.Substring, exp.Lower, exp.Upper, exp.Length, exp.Trim, exp.Split)
_CASTS = (exp.Cast, exp.TryCast)
_PLAIN_NUMBER = re.compile(r"\s*-?\d+\s*")
_PLAIN_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EXACT = "decimal(38, 10)"


class Conversions:
    """For one statement."""

    def __init__(self, tables: Iterable[tuple[str, TableSchema]]) -> None:
        """The tables that it reads, by the names with which their columns are qualified."""
        self._sort = Sorts(tables).of

    def put_into(self, root: exp.Expr) -> None:
        """Changes the statement. Raises DataEngineError for what Spark does not convert."""
        for node in list(root.find_all(*_COMPARE, *_CALCULATE, *_OF_NUMBERS, *_OF_TEXTS, *_CASTS)):
            operands = list(_operands(node))
            if isinstance(node, _COMPARE):
                self._compare(node, operands)
            elif isinstance(node, _OF_TEXTS):
                self._write_out(operands[:1])
            elif isinstance(node, _CASTS):
                self._cut_off(node)
            elif not any(self._sort(one) is Sort.TIME or isinstance(one, exp.Interval) for one in operands):
                self._read(operands, Sort.TEXT, _as_double)

    def _compare(self, node: exp.Expr, operands: list[exp.Expr]) -> None:
        sorts = [self._sort(one) for one in operands]
        self._refuse_times_among_numbers(node, operands, sorts)
        if any(sort.is_number for sort in sorts):
            if isinstance(node, exp.In):
                # As texts: what is no number is another value then, and not nothing.
                if any(_is_text(one, sort) for one, sort in zip(operands, sorts, strict=True)):
                    self._write_out(operands)
                return
            convert = _as_double if Sort.NUMBER in sorts else _as_whole
            self._read(operands, Sort.TEXT, convert)
            _read_literals(operands, _PLAIN_NUMBER, convert)
        elif Sort.TIME in sorts:
            self._read(operands, Sort.TEXT, _as_time)
            _read_literals(operands, _PLAIN_DAY, _as_time)

    def _refuse_times_among_numbers(self, node: exp.Expr, operands: list[exp.Expr], sorts: list[Sort]) -> None:
        """As Spark does. DuckDB refuses that of two columns only where there are rows."""
        times = [one for one, sort in zip(operands, sorts, strict=True) if sort is Sort.TIME]
        if any(sort.is_number for sort in sorts) and any(not isinstance(one, _CALCULATE) for one in times):
            message = f"`{node.sql('spark')}` compares a number to a time"
            raise DataEngineError(message, "convert one of them, as in `CAST(day AS string)`")

    def _read(self, operands: list[exp.Expr], sort: Sort, convert: Callable[[exp.Expr], None]) -> None:
        for one in operands:
            if self._sort(one) is sort:
                convert(one)

    def _write_out(self, operands: list[exp.Expr]) -> None:
        for one in operands:
            sort = self._sort(one)
            if sort.is_number or sort is Sort.TIME:
                _wrap(one, lambda inner: exp.Cast(this=inner, to=exp.DataType.build("text")))

    def _cut_off(self, node: exp.Expr) -> None:
        """DuckDB would round."""
        inner = node.this
        if not isinstance(inner, exp.Expr) or not is_whole_type(node.args["to"].sql("duckdb")):
            return
        sort = self._sort(inner)
        if _is_text(inner, sort):
            _wrap(inner, lambda text: _cut(_tried(text, _EXACT)))
        elif sort is Sort.NUMBER:
            _wrap(inner, _cut)


def _operands(node: exp.Expr) -> Iterator[exp.Expr]:
    for name in ("this", "expression", "low", "high"):
        value = node.args.get(name)
        if isinstance(value, exp.Expr):
            yield value
    yield from (one for one in node.expressions if isinstance(one, exp.Expr))


def _is_text(node: exp.Expr, sort: Sort) -> bool:
    return sort is Sort.TEXT or (isinstance(node, exp.Literal) and node.is_string)


def _read_literals(operands: list[exp.Expr], plain: re.Pattern[str], convert: Callable[[exp.Expr], None]) -> None:
    """Texts that DuckDB would read by itself are left alone."""
    for one in operands:
        if isinstance(one, exp.Literal) and one.is_string and not plain.fullmatch(one.this):
            convert(one)


def _as_double(node: exp.Expr) -> None:
    _wrap(node, lambda inner: _tried(inner, "double"))


def _as_time(node: exp.Expr) -> None:
    _wrap(node, lambda inner: _tried(inner, "timestamp"))


def _as_whole(node: exp.Expr) -> None:
    _wrap(node, lambda inner: _tried(_cut(_tried(inner, _EXACT)), "bigint"))


def _tried(inner: exp.Expr, kind: str) -> exp.Expr:
    return exp.TryCast(this=inner, to=exp.DataType.build(kind))


def _cut(inner: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="trunc", expressions=[inner])


def _wrap(node: exp.Expr, make: Callable[[exp.Expr], exp.Expr]) -> None:
    """In its own place, so that what is done to it later is done there."""
    place = exp.Placeholder()
    node.replace(place)
    place.replace(make(node))
