"""What jobs say of a table: its columns, its key, its order; checked, with every complaint naming the column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from skafd.addons.data.column_types import ColumnType, parse_type
from skafd.errors import DataEngineError

_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """The primary key: the partition first, then what orders the rows in it."""
    order: tuple[tuple[str, bool], ...]
    """By which columns rows come when nothing else is asked for; True: descending."""

    def column(self, name: str) -> Column | None:
        """The column of that name; Cassandra's names know no case."""
        wanted = name.casefold()
        return next((column for column in self.columns if column.name.casefold() == wanted), None)

    def to_json(self) -> str:
        """For the catalog."""
        columns = {column.name: column.type.name for column in self.columns}
        return json.dumps({"columns": columns, "key": self.key, "order": self.order})

    @classmethod
    def from_json(cls, name: str, text: str) -> TableSchema:
        """What `to_json` gave."""
        values = json.loads(text)
        columns = tuple(Column(column, parse_type(kind)) for column, kind in values["columns"].items())
        return cls(name, columns, tuple(values["key"]), tuple((one, down) for one, down in values["order"]))


def parse_schema(given: object) -> TableSchema:
    """Reads `{"table_name", "options": {"primary_key", "order_by"}, "columns"}`. Raises DataEngineError."""
    if not isinstance(given, Mapping):
        raise DataEngineError("a schema is a dictionary", 'with "table_name", "options" and "columns"')
    name = _name(given.get("table_name"), "table_name")
    columns = _columns(name, given.get("columns"))
    options = given.get("options") or {}
    if not isinstance(options, Mapping):
        raise DataEngineError(f'the "options" of {name} are not a dictionary', 'write {"primary_key": ["id"]}')
    key = _key(name, columns, options.get("primary_key"))
    return TableSchema(name, columns, key, _order(name, columns, key, options.get("order_by")))


def _columns(table: str, given: object) -> tuple[Column, ...]:
    if isinstance(given, list) and all(isinstance(one, Mapping) for one in given):
        given = {name: kind for one in given for name, kind in one.items()}
    if not isinstance(given, Mapping) or not given:
        raise DataEngineError(f'the schema of {table} has no "columns"', 'write {"id": "int", "name": "text"}')
    columns = [Column(_name(name, f"a column of {table}"), _type(table, name, kind)) for name, kind in given.items()]
    names = [column.name.casefold() for column in columns]
    for name in names:
        if names.count(name) > 1:
            raise DataEngineError(f"{table} has two columns {name}", "names know no case")
    return tuple(columns)


def _type(table: str, column: str, kind: object) -> ColumnType:
    try:
        return parse_type(kind)
    except DataEngineError as error:
        raise DataEngineError(f"column {column} of {table}: {error.message}", error.hint) from None


def _key(table: str, columns: tuple[Column, ...], given: object) -> tuple[str, ...]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not names:
        raise DataEngineError(f"{table} has no primary key", 'say it in the schema: "options": {"primary_key": ["id"]}')
    # A composite partition is written as a list in the list.
    flat = [part for name in names for part in (name if isinstance(name, list) else [name])]
    found = [_find(table, columns, str(name), "primary_key") for name in flat]
    for column in found:
        if "[" in column.type.sql or column.type.sql.startswith("MAP"):
            raise DataEngineError(f"{column.name} of {table} is a {column.type.name}: it cannot be in the primary key")
    return tuple(dict.fromkeys(column.name for column in found))


def _order(
    table: str, columns: tuple[Column, ...], key: tuple[str, ...], given: object
) -> tuple[tuple[str, bool], ...]:
    wanted = [given] if isinstance(given, str) else list(given or [])  # type: ignore[call-overload]
    order: dict[str, bool] = {}
    for text in (part for one in wanted for part in str(one).split(",")):
        name, _, direction = text.strip().partition(" ")
        if direction.strip().lower() not in ("", "asc", "desc"):
            raise DataEngineError(f'"order_by" of {table} says {text.strip()!r}', 'write "date desc" or "date asc"')
        order[_find(table, columns, name, "order_by").name] = direction.strip().lower() == "desc"
    # As in Cassandra, rows of a partition are together.
    return tuple(
        {key[0]: order.get(key[0], False), **order, **{name: False for name in key if name not in order}}.items()
    )


def _find(table: str, columns: tuple[Column, ...], name: str, where: str) -> Column:
    for column in columns:
        if column.name.casefold() == name.strip().casefold():
            return column
    near = get_close_matches(name, [column.name for column in columns], 1)
    known = ", ".join(column.name for column in columns)
    raise DataEngineError(
        f'"{where}" of {table} names {name}, which is no column',
        f"did you mean {near[0]}?" if near else f"its columns: {known}",
    )


def _name(given: object, what: str) -> str:
    name = str(given or "").strip()
    if not name or len(name) > _LONGEST_NAME or '"' in name or not name.isprintable():
        raise DataEngineError(f"{what} cannot be {given!r}", "use letters, digits and _")
    return name
