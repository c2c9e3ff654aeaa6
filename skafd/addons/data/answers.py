"""Rows as programs have always seen them: dictionaries, with the text 'NaN' where a number is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import duckdb

from skafd.addons.data.engine import Answer
from skafd.addons.data.plain_values import MISSING_NUMBER, plain

_BLOCK_ROWS = 2048
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_NUMBERS = (*_INTEGERS, *(f"U{name}" for name in _INTEGERS), "FLOAT", "DOUBLE", "DECIMAL")

Columns = Sequence[tuple[str, str]]
"""Names and types of DuckDB's. Of columns of the same name, as a join may have them, the last one counts."""


def answer_of(cursor: duckdb.DuckDBPyConnection, most_rows: int | None = None) -> Answer:
    """The result of what the cursor has executed; the cursor is closed with the last block."""
    columns = [(str(name), str(kind)) for name, kind, *_ in cursor.description or ()]
    return Answer(dict(columns), rows_of(columns, _blocks(cursor, most_rows)))


def rows_of(columns: Columns, blocks: Iterable[Iterable[Sequence[Any]]]) -> Iterator[list[dict[str, Any]]]:
    """Blocks of values as blocks of rows."""
    names = [name for name, _ in columns]
    are_numbers = [kind.startswith(_NUMBERS) and "[" not in kind for _, kind in columns]
    for block in blocks:
        yield [_row(names, are_numbers, values) for values in block]


def _blocks(cursor: duckdb.DuckDBPyConnection, most_rows: int | None) -> Iterator[list[tuple[Any, ...]]]:
    left = most_rows
    try:
        while rows := cursor.fetchmany(_BLOCK_ROWS if left is None else min(_BLOCK_ROWS, left)):
            yield rows
            left = None if left is None else left - len(rows)
            if left == 0:
                return
    finally:
        cursor.close()


def _row(names: list[str], are_numbers: list[bool], values: Sequence[Any]) -> dict[str, Any]:
    return {
        name: MISSING_NUMBER if value is None and is_number else plain(value)
        for name, is_number, value in zip(names, are_numbers, values, strict=True)
    }
