"""Rows as they are sent: JSON lists of objects that all have the same columns."""

import json
from typing import Any, Dict, Iterable, List, Mapping, Sequence, Tuple

from .exceptions import DataEngineError

_PIECE_ROWS = 20000
_NUMPY_FLOATS = ("float16", "float32")


class Segment:
    """Rows one after another that have the same columns, as text."""

    def __init__(self, columns: "Tuple[str, ...]", texts: "List[bytes]", count: int, first: int) -> None:
        self.columns = columns
        self.texts = texts
        """JSON objects with commas between them, in pieces."""
        self.count = count
        self.first = first
        """The place of the first one among the rows of the call, from 0."""


def segments_of(schema: Any, rows: Any) -> "List[Segment]":
    """Rows as dictionaries, as lists in the order of the columns, or as a DataFrame. Raises DataEngineError."""
    if hasattr(rows, "to_dict") and hasattr(rows, "columns"):
        rows = rows.to_dict("records")
    if isinstance(rows, Mapping):
        rows = [rows]
    named = _named(schema, list(rows))
    found: "List[Segment]" = []
    start = 0
    while start < len(named):
        columns = named[start].keys()
        end = start + 1
        while end < len(named) and named[end].keys() == columns:
            end += 1
        texts = [_text(named[at : min(at + _PIECE_ROWS, end)], at) for at in range(start, end, _PIECE_ROWS)]
        found.append(Segment(tuple(str(name) for name in columns), texts, end - start, start))
        start = end
    return found


def joined(segments: "Sequence[Segment]") -> "List[Segment]":
    """Neighbours of the same columns as one, which is one statement for the engine."""
    found: "List[Segment]" = []
    for segment in segments:
        if found and found[-1].columns == segment.columns:
            last = found.pop()
            found.append(Segment(last.columns, last.texts + segment.texts, last.count + segment.count, last.first))
        else:
            found.append(segment)
    return found


def encode(schema: Any, segments: "Sequence[Segment]") -> "Tuple[bytes, List[bytes]]":
    """A line that says what follows, and what follows, in pieces."""
    heads: "List[Dict[str, Any]]" = []
    pieces: "List[bytes]" = []
    for segment in segments:
        own = [b"["]
        for number, text in enumerate(segment.texts):
            own += [b",", text] if number else [text]
        own.append(b"]")
        size = sum(len(piece) for piece in own)
        heads.append({"columns": segment.columns, "count": segment.count, "first": segment.first, "bytes": size})
        pieces += own
    head = json.dumps({"schema": schema, "segments": heads}, default=_plain)
    return head.encode() + b"\n", pieces


def _named(schema: Any, rows: "List[Any]") -> "List[Mapping[str, Any]]":
    if not rows or all(isinstance(row, Mapping) for row in rows):
        return rows
    columns = _columns_of(schema)
    named: "List[Mapping[str, Any]]" = []
    for number, row in enumerate(rows, 1):
        if isinstance(row, Mapping):
            named.append(row)
        elif isinstance(row, Iterable) and not isinstance(row, (str, bytes)):
            values = list(row)
            if len(values) != len(columns):
                raise DataEngineError(f"row {number} has {len(values)} values; the schema has {len(columns)} columns")
            named.append(dict(zip(columns, values)))
        else:
            raise DataEngineError(f"row {number} is neither a dictionary nor a list: {row!r:.60}")
    return named


def _columns_of(schema: Any) -> "List[str]":
    columns = schema.get("columns") if isinstance(schema, Mapping) else None
    if isinstance(columns, Mapping):
        return [str(name) for name in columns]
    if isinstance(columns, (list, tuple)):
        return [str(name) for column in columns for name in column]
    raise DataEngineError('the schema has no "columns": rows that are lists need them')


def _text(rows: "List[Mapping[str, Any]]", first: int) -> bytes:
    try:
        return json.dumps(rows, default=_plain).encode()[1:-1]
    except (TypeError, ValueError) as error:
        raise DataEngineError(_what_is_wrong(rows, first, error)) from error


def _what_is_wrong(rows: "List[Mapping[str, Any]]", first: int, error: Exception) -> str:
    for number, row in enumerate(rows, first + 1):
        for column, value in row.items():
            try:
                json.dumps({column: value}, default=_plain)
            except (TypeError, ValueError):
                return f"row {number}, column {column}: {type(value).__name__} cannot be saved: {value!r:.60}"
    return f"the rows cannot be saved: {error}"


def _plain(value: Any) -> Any:
    """What JSON does not have: times, numpy's numbers and arrays, sets, bytes."""
    if isinstance(value, (bytes, bytearray)):
        return f"0x{bytes(value).hex()}"
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    name = type(value).__name__
    if name in _NUMPY_FLOATS:
        # As many digits as it has: 0.1228, not 0.12280000001788139.
        return float(str(value))
    if name == "datetime64":
        return str(value)
    for method in ("isoformat", "tolist"):
        if hasattr(value, method):
            return getattr(value, method)()
    if name in ("Decimal", "UUID", "NAType", "Timedelta"):
        return None if name == "NAType" else str(value)
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be saved")
