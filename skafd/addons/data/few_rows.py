"""A few complete rows at a time: DuckDB plans two short statements in a fifth of the time that ON CONFLICT takes it."""

from __future__ import annotations

import json
import math
from typing import Any

from skafd.addons.data.column_types import ColumnType
from skafd.addons.data.quoting import quoted, text
from skafd.addons.data.schemas import Column, TableSchema

MOST_ROWS = 64
_WHOLE_BITS = {"INTEGER": 31, "BIGINT": 63}


def replace_rows(table: str, schema: TableSchema, columns: list[tuple[str, Column]], rows: bytes) -> list[str]:
    """The statements that put rows in place of those with their keys; of rows with one key the last one counts.

    `columns` has every column of the table. Raises ValueError for rows that are no list of objects.
    """
    keys = [(name, column) for name, column in columns if column.name in schema.key]
    by_key: dict[tuple[str, ...], str] = {}
    for row in json.loads(rows):
        if not isinstance(row, dict):
            raise ValueError("a row is no object")
        key = tuple(_literal(row.get(name), column.type) for name, column in keys)
        by_key[key] = f"({', '.join(_literal(row.get(name), column.type) for name, column in columns)})"
    names = ", ".join(quoted(column.name) for _, column in columns)
    return [
        f"DELETE FROM {table} WHERE {_is_one_of([column.name for _, column in keys], list(by_key))}",
        f"INSERT INTO {table} ({names}) VALUES {', '.join(by_key.values())}",
    ]


def _is_one_of(names: list[str], keys: list[tuple[str, ...]]) -> str:
    if len(names) == 1:
        return f"{quoted(names[0])} IN ({', '.join(key for (key,) in keys)})"
    return " OR ".join(
        "(" + " AND ".join(f"{quoted(name)} = {value}" for name, value in zip(names, key, strict=True)) + ")"
        for key in keys
    )


def _literal(value: Any, kind: ColumnType) -> str:
    """Plain values as they are; all others are read as they are from a file."""
    if value is None:
        return "NULL"
    bits = _WHOLE_BITS.get(kind.sql)
    if bits is not None and type(value) is int and -(1 << bits) <= value < 1 << bits:
        return str(value)
    if kind.sql == "DOUBLE" and type(value) is float and math.isfinite(value):
        return f"{value!r}::DOUBLE"
    if kind.is_text and isinstance(value, str):
        return text(value)
    return kind.reading(text(value if isinstance(value, str) else json.dumps(value)))
