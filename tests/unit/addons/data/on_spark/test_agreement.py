"""Both engines give the same rows: for generated tables, and generated queries over them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from skafd.addons.data.on_spark.place import service_of
from skafd.errors import DataEngineError
from tests.support.embedded import CHURN, Embedded
from tests.support.queries import QueriesOnSpark

EXAMPLES = round(8 * float(os.environ.get("SKAFD_TORTURE_SCALE", "1")) ** 2)
QUERIES_PER_TABLE = 4
"""A session of Spark's is dear, a query less, and a table hardly anything."""
SCHEMA = {
    "table_name": "t",
    "options": {"primary_key": ["k"], "order_by": ["k desc"]},
    "columns": {
        "k": "int",
        "i": "int",
        "f": "float",
        "m": "decimal",
        "s": "text",
        "d": "date",
        "w": "timestamp",
        "b": "boolean",
        "l": "list<int>",
    },
}
FIRST = date(1999, 12, 28)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


WHOLE = st.integers(-9, 9) | st.integers(-1000, 1000)
QUARTERS = st.integers(-40, 40).map(lambda number: number / 4)
TEXTS = st.sampled_from(["", "a", "ab", "Ab", " b ", "7", "-2", "3.5", "1999-12-31", "ü", "it's", '"', "NaN", "x%_y"])
DAYS = st.integers(0, 8).map(lambda number: FIRST + timedelta(days=number))
INSTANTS = st.integers(0, 8 * 86_400_000).map(lambda ms: datetime(1999, 12, 28) + timedelta(milliseconds=ms))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "i": maybe(WHOLE),
            "f": maybe(QUARTERS),
            "m": maybe(st.integers(-5000, 5000).map(lambda number: f"{number / 100:.2f}")),
            "s": maybe(TEXTS),
            "d": maybe(DAYS.map(str)),
            "w": maybe(INSTANTS.map(str)),
            "b": maybe(st.booleans()),
            "l": maybe(st.lists(st.integers(0, 3), max_size=3)),
        }
    ),
    max_size=12,
)
NUMBERS = st.sampled_from(
    [
        *(
            "i",
            "f",
            "m",
            "k",
            "i + f",
            "i * 2 - k",
            "i / 4",
            "i / f",
            "f / 0",
            "i % 3",
            "abs(i)",
            "round(f, 1)",
            "floor(f)",
        ),
        *(
            "length(s)",
            "s + 1",
            "year(d)",
            "month(w)",
            "day(d)",
            "datediff(d, '2000-01-01')",
            "size(l)",
            "coalesce(i, k)",
        ),
        *("greatest(i, k)", "if(b, 1, 0)", "CAST(s AS int)", "CAST(f AS int)", "CASE WHEN b THEN i ELSE f END"),
    ]
)
SAYINGS = st.sampled_from(
    [
        *("s", "upper(s)", "lower(s)", "trim(s)", "substr(s, 1, 2)", "concat(s, '-', i)", "replace(s, 'a', 'z')"),
        *("nvl(s, 'none')", "CAST(i AS string)", "CAST(d AS string)", "CAST(b AS string)", "date_format(d, 'yyyy-MM')"),
    ]
)
TIMES = st.sampled_from(["d", "w", "date_add(d, 3)", "to_date(w)", "CAST(w AS date)", "date_sub(d, i)", "to_date(s)"])
OTHERS = st.sampled_from(["b", "l", "array(i, k)", "map('a', i)", "i IS NULL", "sort_array(l)"])
VALUES = NUMBERS | SAYINGS | TIMES | OTHERS
COMPARISONS = st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "<=>"])
PLAIN = st.one_of(
    st.builds("{} {} {}".format, NUMBERS, COMPARISONS, NUMBERS),
    st.builds("{} {} {}".format, NUMBERS, COMPARISONS, WHOLE),
    st.builds("d {} '{}'".format, COMPARISONS, DAYS),
    st.builds("w {} '{}'".format, COMPARISONS, DAYS | INSTANTS),
    st.builds("s {} {}".format, COMPARISONS, st.sampled_from(["'a'", "7", "3.5", "d", "i"])),
    st.builds("{} IN ({}, {})".format, st.sampled_from(["i", "k", "s"]), WHOLE, WHOLE),
    st.builds("{} BETWEEN {} AND {}".format, NUMBERS, WHOLE, WHOLE),
    st.builds("s LIKE '{}'".format, st.sampled_from(["a%", "%b%", "_", "%", ""])),
    st.builds("({}) IS {}NULL".format, VALUES, st.sampled_from(["", "NOT "])),
    st.sampled_from(["b", "NOT b", "array_contains(l, 1)", "s RLIKE '^[a-z]+$'"]),
)
WHERE = st.one_of(
    st.just(""),
    PLAIN.map(" WHERE {}".format),
    st.builds(" WHERE ({}) {} ({})".format, PLAIN, st.sampled_from(["AND", "OR", "AND NOT"]), PLAIN),
)
AGGREGATES = st.one_of(
    st.just("count(*)"),
    st.builds("{}({})".format, st.sampled_from(["sum", "avg", "min", "max", "count"]), NUMBERS),
    st.builds("{}({})".format, st.sampled_from(["min", "max", "count"]), SAYINGS | TIMES),
    st.builds("count(DISTINCT {})".format, NUMBERS | SAYINGS),
)
GROUPS = st.sampled_from(["i % 2", "b", "upper(s)", "year(d)", "d", "length(s)"])
QUERIES = st.one_of(
    st.builds("SELECT k, {} AS x, {} FROM t{} ORDER BY k".format, VALUES, VALUES, WHERE),
    st.builds("SELECT k, {} AS x FROM t{}".format, VALUES, WHERE),
    st.builds("SELECT * FROM t{} LIMIT {}".format, WHERE, st.integers(0, 5)),
    st.builds("SELECT DISTINCT {} AS x FROM t{} ORDER BY x".format, NUMBERS | SAYINGS | TIMES, WHERE),
    st.builds("SELECT {}, {} FROM t{}".format, AGGREGATES, AGGREGATES, WHERE),
    st.builds("SELECT {0} AS g, {1} AS x FROM t{2} GROUP BY {0} ORDER BY g".format, GROUPS, AGGREGATES, WHERE),
    st.builds(
        "SELECT a.k, b.k AS o FROM t a JOIN t b ON a.{} = b.{} ORDER BY 1, 2".format, *[st.sampled_from("kisd")] * 2
    ),
    st.builds(
        "SELECT k, row_number() OVER (PARTITION BY {} ORDER BY {}, k) AS x FROM t ORDER BY k".format,
        GROUPS,
        NUMBERS | SAYINGS | TIMES,
    ),
    st.builds(
        "SELECT k, {}({}) OVER (ORDER BY k ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS x FROM t ORDER BY k".format,
        st.sampled_from(["sum", "max", "count"]),
        NUMBERS,
    ),
    st.builds("SELECT k, x FROM t LATERAL VIEW explode(l) e AS x{} ORDER BY k, x".format, WHERE),
)


@pytest.fixture(scope="module")
def engine(spark: QueriesOnSpark, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    folder = tmp_path_factory.mktemp("data")
    engine = Embedded(folder, spark.access(folder / "snapshots"))
    yield engine
    engine.engine.close()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, queries=st.lists(QUERIES, min_size=QUERIES_PER_TABLE, max_size=QUERIES_PER_TABLE))
def test_both_engines_give_the_same(engine: Embedded, rows: list[dict[str, Any]], queries: list[str]) -> None:
    engine.query("DROP TABLE IF EXISTS t")
    engine.save(SCHEMA, *({"k": number, **row} for number, row in enumerate(rows)))
    if not rows:
        engine.save(SCHEMA)
    for sql in queries:
        note(sql)
        embedded, on_spark = asked(engine, sql, ""), asked(engine, sql, service_of(None))
        assert list(embedded[0]) == list(on_spark[0]), sql
        assert is_alike(embedded[1], on_spark[1]), f"{sql}\n{embedded}\n{on_spark}"


def asked(engine: Embedded, sql: str, service: str) -> tuple[list[str], list[dict[str, Any]]]:
    try:
        answer = engine.engine.query(replace(CHURN, queries=service), sql)
    except DataEngineError:
        # A number is compared to a day: neither does that.
        return ["refused"], []
    return list(answer.columns), [dict(row) for block in answer.blocks for row in block]


def is_alike(one: Any, other: Any) -> bool:
    """Sums of fractions may differ in the last digit."""
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return isinstance(one, bool) is isinstance(other, bool) and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(is_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_alike, one, other))
    return bool(one == other)
