"""What Cassandra calls a type, as DuckDB has it; and how a value that came as JSON becomes one, in SQL.

Values are read as text whatever they are in JSON, so `5`, `"5"` and `5.0` are the same integer, and what does not
fit is an error of DuckDB's, never a silent change.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from skafd.errors import DataEngineError

Reading = Callable[[str], str]
"""From an expression of type VARCHAR to one of the column's type."""

_MISSING = "('NaN', 'NaT', 'nan', '')"


@dataclass(frozen=True, slots=True)
class ColumnType:
    """The type of a column."""

    name: str
    """As Cassandra writes it: `set<text>`."""
    sql: str
    """As DuckDB writes it: `VARCHAR[]`."""
    reading: Reading

    @property
    def is_number(self) -> bool:
        """Missing values of it are shown as 'NaN'."""
        return self.sql in _NUMBERS

    @property
    def is_text(self) -> bool:
        """Spark compares it to numbers as if it were one."""
        return self.sql == "VARCHAR"


def _cast(sql: str) -> Reading:
    return lambda raw: f"CAST({_known(raw)} AS {sql})"


def _known(raw: str) -> str:
    return f"CASE WHEN {raw} NOT IN {_MISSING} THEN {raw} END"


def _whole(sql: str) -> Reading:
    """DuckDB would round a fraction: that is refused, unless it is zero, as pandas writes whole numbers."""
    has_fraction = "(contains({0}, '.') OR contains({0}, 'e') OR contains({0}, 'E'))"

    def reading(raw: str) -> str:
        whole = f"CAST(CAST({raw} AS DOUBLE) AS {sql})"
        checked = (
            f"CASE WHEN {whole} = CAST({raw} AS DOUBLE) THEN {whole} ELSE CAST({raw} || ' is not whole' AS {sql}) END"
        )
        return (
            f"CASE WHEN {raw} IN {_MISSING} THEN NULL WHEN {has_fraction.format(raw)} THEN {checked} "
            f"ELSE CAST({raw} AS {sql}) END"
        )

    return reading


def _timestamp(raw: str) -> str:
    """Numbers are milliseconds since 1970; a time without a zone is in UTC."""
    return (
        f"CASE WHEN {raw} IN {_MISSING} THEN NULL WHEN regexp_full_match({raw}, '-?[0-9]+(\\.0*)?') "
        f"THEN epoch_ms(CAST(CAST({raw} AS DOUBLE) AS BIGINT)) "
        f"ELSE make_timestamp(epoch_us(CAST({raw} AS TIMESTAMPTZ))) END"
    )


def _date(raw: str) -> str:
    return (
        f"CASE WHEN regexp_full_match({raw}, '[0-9-]{{8,10}}') THEN CAST({raw} AS DATE) "
        f"ELSE CAST({_timestamp(raw)} AS DATE) END"
    )


def _blob(raw: str) -> str:
    refused = f"from_hex({raw} || ' has no 0x')"
    return f"CASE WHEN starts_with({raw}, '0x') THEN from_hex(substr({raw}, 3)) ELSE {refused} END"


def _plain(raw: str) -> str:
    return raw


_SIMPLE: dict[str, tuple[str, Reading]] = {
    "text": ("VARCHAR", _plain),
    "ascii": ("VARCHAR", _plain),
    "inet": ("VARCHAR", _plain),
    "tinyint": ("TINYINT", _whole("TINYINT")),
    "smallint": ("SMALLINT", _whole("SMALLINT")),
    "int": ("INTEGER", _whole("INTEGER")),
    "bigint": ("BIGINT", _whole("BIGINT")),
    "counter": ("BIGINT", _whole("BIGINT")),
    "varint": ("HUGEINT", _whole("HUGEINT")),
    # Of a float's 32 bits nobody wants 0.1228 back as 0.12280000001788139.
    "float": ("DOUBLE", _cast("DOUBLE")),
    "double": ("DOUBLE", _cast("DOUBLE")),
    "decimal": ("DECIMAL(38,10)", _cast("DECIMAL(38,10)")),
    "boolean": ("BOOLEAN", _cast("BOOLEAN")),
    "date": ("DATE", _date),
    "time": ("TIME", _cast("TIME")),
    "timestamp": ("TIMESTAMP", _timestamp),
    "uuid": ("UUID", _cast("UUID")),
    "timeuuid": ("UUID", _cast("UUID")),
    "blob": ("BLOB", _blob),
}
_OTHER_NAMES = {"varchar": "text", "string": "text", "integer": "int", "bool": "boolean", "datetime": "timestamp"}
_NUMBERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DOUBLE", "DECIMAL(38,10)"})
_NESTED = re.compile(r"(?P<kind>set|list|map|frozen)\s*<(?P<inner>.*)>", re.DOTALL)


def parse_type(text: object) -> ColumnType:
    """Reads `text`, `set<text>`, `map<text, int>`. Raises DataEngineError with what is near."""
    name = str(text).strip().lower()
    name = _OTHER_NAMES.get(name, name)
    if name in _SIMPLE:
        return ColumnType(name, *_SIMPLE[name])
    nested = _NESTED.fullmatch(name)
    if nested is None:
        near = get_close_matches(name, [*_SIMPLE, "set<text>", "list<text>", "map<text, text>"], 1)
        hint = f"did you mean {near[0]}?" if near else f"types are {', '.join(_SIMPLE)}, set<>, list<> and map<,>"
        raise DataEngineError(f"{str(text)!r} is not a type", hint)
    inner = [parse_type(part) for part in _split(nested["inner"])]
    return _nest(str(text), nested["kind"], inner)


def _nest(text: str, kind: str, inner: list[ColumnType]) -> ColumnType:
    if len(inner) != (2 if kind == "map" else 1):
        raise DataEngineError(f"{text!r} is not a type", "write map<text, int>, set<text> or list<text>")
    if kind == "frozen":
        return inner[0]
    if kind == "map":
        return _map_of(*inner)
    (element,) = inner
    return ColumnType(f"{kind}<{element.name}>", f"{element.sql}[]", _elements(element, kind == "set"))


def _elements(element: ColumnType, is_set: bool) -> Reading:
    def reading(raw: str) -> str:
        values = f"list_transform(from_json({raw}, '[\"VARCHAR\"]'), lambda e: {element.reading('e')})"
        return f"list_sort(list_distinct({values}))" if is_set else values

    return reading


def _map_of(key: ColumnType, value: ColumnType) -> ColumnType:
    def reading(raw: str) -> str:
        # Of a list from_json would make an empty map.
        mapping = f"CASE WHEN starts_with({raw}, '{{') THEN {raw} ELSE {raw} || ' is no map' END"
        read = f"from_json({mapping}, '\"MAP(VARCHAR,VARCHAR)\"')"
        pair = f"lambda e: {{'k': {key.reading('e.key')}, 'v': {value.reading('e.value')}}}"
        return f"map_from_entries(list_transform(map_entries({read}), {pair}))"

    return ColumnType(f"map<{key.name}, {value.name}>", f"MAP({key.sql}, {value.sql})", reading)


def _split(text: str) -> list[str]:
    """At the commas that are not inside of < and >."""
    parts, depth = [""], 0
    for character in text:
        depth += {"<": 1, ">": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
