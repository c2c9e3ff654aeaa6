"""What Spark does by itself and DuckDB does not: conversions, names of columns, and what old programs relied on."""

from __future__ import annotations

from typing import Any

import pytest

from skafd.errors import DataEngineError, NotFound
from tests.support.embedded import Embedded

WEATHER = {
    "table_name": "weather",
    "options": {"primary_key": ["zipcode", "date"], "order_by": ["date desc"]},
    "columns": {
        "zipcode": "text",
        "date": "date",
        "seen": "timestamp",
        "day": "text",
        "rain": "float",
        "hours": "int",
        "price": "decimal",
        "kinds": "set<text>",
        "notes": "map<text, text>",
        "column": "text",
    },
}
ROWS: list[dict[str, Any]] = [
    {
        "zipcode": "23250",
        "date": "2018-01-01",
        "seen": 1514764800000,
        "day": "2018-01-01",
        "rain": 0.5,
        "hours": 3,
        "price": "1.50",
        "kinds": ["b", "a"],
        "notes": {"a": "x"},
        "column": "7",
    },
    {
        "zipcode": "22901",
        "date": "2018-02-01",
        "seen": "2018-02-01 10:00:00.250",
        "day": "2018-02-01T00:00:00Z",
        "rain": None,
        "hours": 5,
        "price": None,
        "kinds": [],
        "notes": {},
        "column": "none",
    },
]
EVERYTHING = {
    "table_name": "everything",
    "options": {"primary_key": ["id"]},
    "columns": {
        "id": "int",
        "tiny": "tinyint",
        "small": "smallint",
        "large": "bigint",
        "huge": "varint",
        "score": "double",
        "price": "decimal",
        "yes": "boolean",
        "name": "text",
        "born": "date",
        "at": "time",
        "when": "timestamp",
        "key": "uuid",
        "raw": "blob",
        "tags": "set<text>",
        "marks": "map<text, list<int>>",
        "days": "list<date>",
    },
}
ONE_OF_EACH: dict[str, Any] = {
    "id": 1,
    "tiny": -128,
    "small": 32767,
    "large": -(2**63),
    "huge": 2**100,
    "score": 0.1,
    "price": "0.1",
    "yes": False,
    "name": "a 'b' \"c\" ü\n",
    "born": "2000-02-29",
    "at": "10:00:01",
    "when": -1,
    "key": "7d3ad92c-2c08-4d1c-9f6e-0f4d0f3b1a11",
    "raw": "0x00ff",
    "tags": ["b", "a"],
    "marks": {"x": [1, 2]},
    "days": ["2000-01-01"],
}
PLACES = {
    "table_name": "places",
    "options": {"primary_key": ["zipcode"]},
    "columns": {"zipcode": "int", "name": "text", "hours": "int"},
}


@pytest.fixture(scope="module")
def filled(filled_once: Embedded) -> Embedded:
    filled_once.save(WEATHER, *ROWS)
    filled_once.save(PLACES, {"zipcode": 23250, "name": "Richmond", "hours": 9})
    return filled_once


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("zipcode = 23250", ["23250"]),
        ("zipcode IN (23250, 1)", ["23250"]),
        ("zipcode BETWEEN 22901 AND 23000", ["22901"]),
        ("column > 6", ["23250"]),
        ("hours = '5'", ["22901"]),
        ("hours > '4.5'", ["22901"]),
        ("hours = 'many'", []),
        ("hours IN ('3', 'many')", ["23250"]),
        ("date = '2018-01-01'", ["23250"]),
        ("date = '2018-01-01T00:00:00Z'", ["23250"]),
        ("date >= '2018-01-01T00:00:00Z' AND date < '2018-02-01'", ["23250"]),
        ("date = 'never'", []),
        ("date > to_date('2018-01-15')", ["22901"]),
        ("seen >= '2018-02-01'", ["22901"]),
        ("seen >= '2018-02-01T10:00:00Z'", ["22901"]),
        ("day > date_sub(to_date('2018-02-02'), 2)", ["22901"]),
        ("day = date", ["22901", "23250"]),
        ("date < current_date() AND day < current_timestamp()", ["22901", "23250"]),
        ("date LIKE '2018-01%'", ["23250"]),
        ("substr(date, 1, 7) = '2018-02'", ["22901"]),
        ("length(hours) = 1 AND zipcode = '23250'", ["23250"]),
        ("column * 2 = 14", ["23250"]),
        ("year(date) = 2018 AND month(day) = 1", ["23250"]),
        ("rain IS NULL", ["22901"]),
        ("array_contains(kinds, 'a')", ["23250"]),
        ("size(kinds) = 2 AND notes['a'] = 'x'", ["23250"]),
        ('zipcode = "23250" AND `column` = 7;', ["23250"]),
        ("zipcode RLIKE '^22'", ["22901"]),
        ("price > 1", ["23250"]),
        ("price = '1.5'", ["23250"]),
        ("datediff('2018-02-03', date) = 2", ["22901"]),
    ],
)
def test_values_are_converted_as_spark_converts_them(filled: Embedded, where: str, found: list[str]) -> None:
    assert sorted(row["zipcode"] for row in filled.query(f"SELECT zipcode FROM weather WHERE {where}")) == found


@pytest.mark.parametrize(
    ("select", "row"),
    [
        ("count(*)", {"count(1)": 2}),
        ("COUNT(1), Max(date)", {"count(1)": 2, "max(date)": "2018-02-01T00:00:00Z"}),
        ("count(DISTINCT zipcode) AS n", {"n": 2}),
        ("sum(column), avg(hours)", {"sum(column)": 7.0, "avg(hours)": 4.0}),
        ("max(hours) + 1", {"(max(hours) + 1)": 6}),
        ("min(lower(zipcode))", {"min(lower(zipcode))": "22901"}),
        ("max(rain), min(price)", {"max(rain)": 0.5, "min(price)": 1.5}),
        ("max(CAST(column AS int)) m", {"m": 7}),
        ("concat('a', '-', 1) AS t, nvl(max(rain), 0) AS r", {"t": "a-1", "r": 0.5}),
    ],
)
def test_columns_without_a_name_are_called_as_spark_calls_them(
    filled: Embedded, select: str, row: dict[str, Any]
) -> None:
    assert filled.query(f"SELECT {select} FROM weather") == [row]


def test_distinct_in_parentheses_names_the_column(filled: Embedded) -> None:
    found = filled.query("SELECT DISTINCT(zipcode) from weather ORDER BY zipcode")
    assert found == [{"zipcode": "22901"}, {"zipcode": "23250"}]


def test_what_is_exploded_is_a_column(filled: Embedded) -> None:
    assert filled.query("SELECT zipcode, explode(kinds) FROM weather ORDER BY 2 DESC") == [
        {"zipcode": "23250", "col": "b"},
        {"zipcode": "23250", "col": "a"},
    ]


def test_tables_are_joined_by_columns_of_different_types(filled: Embedded) -> None:
    joined = filled.query("SELECT w.*, p.* FROM weather w JOIN places p ON w.zipcode = p.zipcode")
    assert [(row["name"], row["hours"], row["zipcode"]) for row in joined] == [("Richmond", 9, 23250)]
    by_name = "SELECT name, count(*) FROM weather w LEFT JOIN places USING (zipcode) GROUP BY name ORDER BY name"
    assert filled.query(by_name.replace("USING (zipcode)", "ON places.zipcode = w.zipcode")) == [
        {"name": None, "count(1)": 1},
        {"name": "Richmond", "count(1)": 1},
    ]


def test_missing_numbers_are_the_text_nan(filled: Embedded) -> None:
    (row,) = filled.query("SELECT rain, price, kinds, notes, seen FROM weather WHERE zipcode = 22901")
    assert row == {"rain": "NaN", "price": "NaN", "kinds": [], "notes": {}, "seen": "2018-02-01T10:00:00.250Z"}


def test_a_table_is_described(filled: Embedded) -> None:
    for text in ("DESCRIBE places", "DESC TABLE places;", "describe extended places"):
        found = filled.query(text)
        assert [(row["col_name"], row["data_type"]) for row in found] == [
            ("zipcode", "int"),
            ("name", "text"),
            ("hours", "int"),
        ]


def test_overwriting_is_refused_rather_than_done_by_halves(filled: Embedded) -> None:
    with pytest.raises(Exception, match="INSERT OVERWRITE is not understood"):
        filled.query("INSERT OVERWRITE TABLE places SELECT 1, 'x', 2")
    assert filled.query("SELECT count(*) AS n FROM places") == [{"n": 1}]


@pytest.mark.parametrize("condition", ["a.hours = b.date", "a.seen IN (b.hours, 3)", "b.rain > date_add(a.date, 1)"])
def test_a_number_is_not_compared_to_a_time_even_where_there_are_no_rows(filled: Embedded, condition: str) -> None:
    with pytest.raises(DataEngineError):
        filled.query(f"SELECT a.day FROM weather a JOIN weather b ON {condition} WHERE 1 = 0")
    filled.query("SELECT a.day FROM weather a WHERE datediff(a.date, a.seen) > a.hours AND 1 = 0")


def test_a_column_keeps_its_type_and_so_does_what_is_computed(filled: Embedded) -> None:
    answer = filled.answer("SELECT w.*, count(1) OVER () AS n, avg(hours) OVER () AS a FROM weather w")
    assert len([row for block in answer.blocks for row in block]) == 2
    assert answer.columns == {
        "zipcode": "VARCHAR",
        "date": "DATE",
        "seen": "TIMESTAMP",
        "day": "VARCHAR",
        "rain": "DOUBLE",
        "hours": "INTEGER",
        "price": "DECIMAL(38,10)",
        "kinds": "VARCHAR[]",
        "notes": "MAP(VARCHAR, VARCHAR)",
        "column": "VARCHAR",
        "n": "BIGINT",
        "a": "DOUBLE",
    }


def test_what_is_wrong_is_said_in_the_same_words(filled: Embedded) -> None:
    with pytest.raises(DataEngineError, match=r"^the query failed: there is no column nope$"):
        filled.query("SELECT nope FROM weather")
    with pytest.raises(DataEngineError, match=r"^the query failed: there is no column w\.nope$"):
        filled.query("SELECT w.nope FROM weather w")
    with pytest.raises(DataEngineError, match=r"^the query failed: there is no function nothing_of_the_kind$"):
        filled.query("SELECT nothing_of_the_kind(1)")
    with pytest.raises(NotFound, match=r"^there is no view or table nowhere"):
        filled.query("SELECT * FROM nowhere")


def test_only_so_many_rows_are_given(filled: Embedded) -> None:
    answer = filled.answer("SELECT id FROM range(5000)", most_rows=3)
    assert [row for block in answer.blocks for row in block] == [{"id": 0}, {"id": 1}, {"id": 2}]
    assert filled.query("SELECT id FROM range(0)") == []


def test_values_of_every_kind_come_as_json_has_them(filled: Embedded) -> None:
    filled.save(EVERYTHING, ONE_OF_EACH, {"id": 2})
    first, second = filled.query("SELECT * FROM everything")
    assert first == {
        **ONE_OF_EACH,
        "born": "2000-02-29T00:00:00Z",
        "at": "10:00:01",
        "when": "1969-12-31T23:59:59.999Z",
        "price": 0.1,
        "tags": ["a", "b"],
        "marks": {"x": [1, 2]},
        "days": ["2000-01-01T00:00:00Z"],
    }
    assert second == {
        **dict.fromkeys(ONE_OF_EACH),
        "id": 2,
        **dict.fromkeys(("tiny", "small", "large", "huge", "score", "price"), "NaN"),
    }
