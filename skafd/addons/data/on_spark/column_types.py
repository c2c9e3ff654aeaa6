"""DuckDB's types as Spark has them, and back: a column of a table comes back as the type that it has there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from skafd.addons.data.schemas import TableSchema

_ORIGIN = "duckdb"
"""In the metadata of a column, which Spark carries wherever the column itself goes: its type in the table."""
_STORED = {
    "HUGEINT": ("DECIMAL(38,0)", "decimal(38,0)"),
    "UUID": ("VARCHAR", "string"),
    "TIME": ("VARCHAR", "string"),
    # Spark's own type of that name is in UTC, too.
    "TIMESTAMP": ("TIMESTAMP WITH TIME ZONE", "timestamp"),
}
_SAME = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "TINYINT": "byte",
    "SMALLINT": "short",
    "INTEGER": "integer",
    "BIGINT": "long",
    "DOUBLE": "double",
    "DATE": "date",
    "BLOB": "binary",
}
_NAMES = {**{spark: duckdb for duckdb, spark in _SAME.items()}, "float": "FLOAT", "timestamp": "TIMESTAMP"}
_NAMES |= {"timestamp_ntz": "TIMESTAMP", "void": "INTEGER"}

SparkType = str | dict[str, Any]
"""As in the JSON of a schema of Spark's."""


def stored(sql: str) -> tuple[str, SparkType]:
    """What a column of DuckDB's is converted to before it is written for Spark, and what Spark reads it as."""
    if sql.endswith("[]"):
        inner, spark = stored(sql.removesuffix("[]"))
        return f"{inner}[]", {"type": "array", "elementType": spark, "containsNull": True}
    if sql.startswith("MAP("):
        key, value = (stored(part) for part in _key_and_value(sql))
        spark = {"type": "map", "keyType": key[1], "valueType": value[1], "valueContainsNull": True}
        return f"MAP({key[0]}, {value[0]})", spark
    if sql.startswith("DECIMAL"):
        return sql, sql.lower()
    return _STORED.get(sql) or (sql, _SAME[sql])


def spark_schema(table: TableSchema) -> dict[str, Any]:
    """A table's columns, as Spark is told them."""
    return {"type": "struct", "fields": [_field(column.name, column.type.sql) for column in table.columns]}


def _field(name: str, sql: str) -> dict[str, Any]:
    return {"name": name, "type": stored(sql)[1], "nullable": True, "metadata": {_ORIGIN: sql}}


def columns_of(schema: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and types, as DuckDB would call them, of what a query has given."""
    return [(field["name"], field["metadata"].get(_ORIGIN) or _duckdb(field["type"])) for field in schema["fields"]]


def _duckdb(spark: SparkType) -> str:
    if isinstance(spark, str):
        if spark.startswith("decimal"):
            return spark.upper()
        return _NAMES.get(spark, "INTERVAL" if spark.startswith("interval") else "VARCHAR")
    match spark["type"]:
        case "array":
            return f"{_duckdb(spark['elementType'])}[]"
        case "map":
            return f"MAP({_duckdb(spark['keyType'])}, {_duckdb(spark['valueType'])})"
        case "struct":
            return f"STRUCT({', '.join(_members(spark['fields']))})"
    return "VARCHAR"


def _members(fields: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    return (f"{field['name']} {_duckdb(field['type'])}" for field in fields)


def _key_and_value(sql: str) -> tuple[str, str]:
    """A key is never nested, so it ends at the first comma that is in no parentheses."""
    inner, depth = sql.removeprefix("MAP(").removesuffix(")"), 0
    for place, character in enumerate(inner):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            return inner[:place].strip(), inner[place + 1 :].strip()
    raise ValueError(sql)
