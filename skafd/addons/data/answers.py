"""Rows as programs have always seen them: times as ISO texts with `Z`, missing numbers as the text 'NaN'."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb

from skafd.addons.data.engine import Answer

MISSING_NUMBER = "NaN"
_BLOCK_ROWS = 2048
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_NUMBERS = (*_INTEGERS, *(f"U{name}" for name in _INTEGERS), "FLOAT", "DOUBLE", "DECIMAL")


def answer_of(cursor: duckdb.DuckDBPyConnection, most_rows: int | None = None) -> Answer:
    """The result of what the cursor has executed; the cursor is closed with the last block.

    Of columns of the same name, as a join may have them, the last one counts.
    """
    columns = [(str(name), str(kind)) for name, kind, *_ in cursor.description or ()]
    return Answer(dict(columns), _blocks(cursor, columns, most_rows))


def _blocks(
    cursor: duckdb.DuckDBPyConnection, columns: Sequence[tuple[str, str]], most_rows: int | None
) -> Iterator[list[dict[str, Any]]]:
    names = [name for name, _ in columns]
    are_numbers = [kind.startswith(_NUMBERS) and "[" not in kind for _, kind in columns]
    left = most_rows
    try:
        while rows := cursor.fetchmany(_BLOCK_ROWS if left is None else min(_BLOCK_ROWS, left)):
            yield [_row(names, are_numbers, row) for row in rows]
            left = None if left is None else left - len(rows)
            if left == 0:
                return
    finally:
        cursor.close()


def _row(names: list[str], are_numbers: list[bool], values: tuple[Any, ...]) -> dict[str, Any]:
    return {
        name: MISSING_NUMBER if value is None and is_number else _plain(value)
        for name, is_number, value in zip(names, are_numbers, values, strict=True)
    }


def _plain(value: Any) -> Any:
    convert = _CONVERSIONS.get(type(value))
    return value if convert is None else convert(value)


def _instant(value: datetime) -> str:
    text = value.replace(tzinfo=None).isoformat(timespec="milliseconds" if value.microsecond else "seconds")
    return f"{text}Z"


def _float(value: float) -> float | str:
    return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, MISSING_NUMBER)


_CONVERSIONS: dict[type, Callable[[Any], Any]] = {
    float: _float,
    datetime: _instant,
    date: lambda value: f"{value.isoformat()}T00:00:00Z",
    time: lambda value: value.isoformat(),
    timedelta: str,
    Decimal: lambda value: int(value) if value == value.to_integral_value() else float(value),
    UUID: str,
    bytes: lambda value: f"0x{value.hex()}",
    list: lambda value: [_plain(one) for one in value],
    tuple: lambda value: [_plain(one) for one in value],
    dict: lambda value: {str(_plain(key)): _plain(one) for key, one in value.items()},
}
