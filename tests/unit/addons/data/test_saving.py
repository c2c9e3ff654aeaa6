"""Rows that are saved: every type there and back, updates by key, and errors that name row and column."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from skafd.errors import DataEngineError
from tests.support.embedded import CHURN, PEOPLE, Embedded, segment

TYPES = {
    "id": ("int", 1, 1),
    "day": ("date", "2018-01-02", "2018-01-02T00:00:00Z"),
    "a_text": ("text", "x'y\"z\n", "x'y\"z\n"),
    "a_varchar": ("varchar", "", ""),
    "a_bigint": ("bigint", 2**40, 2**40),
    "a_tinyint": ("tinyint", 5.0, 5),
    "a_varint": ("varint", 2**80, 2**80),
    "a_float": ("float", 0.1228, 0.1228),
    "a_double": ("double", float("nan"), "NaN"),
    "a_decimal": ("decimal", "1.25", 1.25),
    "a_boolean": ("boolean", True, True),
    "of_epoch": ("timestamp", 1500000000123, "2017-07-14T02:40:00.123Z"),
    "of_text": ("timestamp", "2018-01-01 12:00:00.5", "2018-01-01T12:00:00.500Z"),
    "of_zone": ("timestamp", "2018-01-01T00:00:00+02:00", "2017-12-31T22:00:00Z"),
    "a_uuid": ("uuid", "12345678-1234-5678-1234-567812345678", "12345678-1234-5678-1234-567812345678"),
    "a_set": ("set<text>", ["b", "a", "b"], ["a", "b"]),
    "a_list": ("frozen<list<int>>", [2, 1], [2, 1]),
    "a_map": ("map<text, text>", {"k": 3}, {"k": "3"}),
    "a_blob": ("blob", "0x00ff", "0x00ff"),
    "a_time": ("time", "01:02:03", "01:02:03"),
    "a_string": ("string", "an old mistake", "an old mistake"),
    "an_integer": ("integer", "7", 7),
    "nothing": ("int", None, "NaN"),
    "no_text": ("text", None, None),
}
EVERYTHING = {
    "table_name": "everything",
    "options": {"primary_key": ["id", "day"], "order_by": ["day desc"]},
    "columns": {name: kind for name, (kind, _, _) in TYPES.items()},
}
ROW: dict[str, Any] = {name: value for name, (_, value, _) in TYPES.items()}


@pytest.mark.parametrize("count", [1, 100], ids=["few", "many"])
def test_every_type_comes_back_as_programs_know_it(embedded: Embedded, count: int) -> None:
    embedded.save(EVERYTHING, *({**ROW, "id": number} for number in range(1, count + 1)))
    (found,) = embedded.query("SELECT * FROM everything WHERE id = 1")
    assert found == {name: expected for name, (_, _, expected) in TYPES.items()}


@pytest.mark.parametrize("count", [1, 100], ids=["few", "many"])
@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("id", "abc", "column id: 'abc' is no int"),
        ("id", None, "column id: nothing is there, and it is in the primary key"),
        ("of_text", "hello", "column of_text: 'hello' is no timestamp"),
        ("a_list", ["x"], "column a_list: '[\"x\"]' is no list<int>"),
        ("a_set", "none", "column a_set: 'none' is no set<text>"),
        ("a_map", [1], "column a_map: '[1]' is no map<text, text>"),
        ("a_tinyint", 300, "column a_tinyint: '300' is no tinyint"),
        ("an_integer", 1.5, "column an_integer: '1.5' is no int"),
        ("a_boolean", "maybe", "column a_boolean: 'maybe' is no boolean"),
        ("a_blob", "zz", "column a_blob: 'zz' is no blob"),
        ("day", "2018-13-01", "column day: '2018-13-01' is no date"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_written(
    embedded: Embedded, column: str, value: object, said: str, count: int
) -> None:
    rows = [{**ROW, "id": number} for number in range(count)]
    with pytest.raises(DataEngineError) as error:
        embedded.save(EVERYTHING, *rows, {**ROW, column: value})
    assert error.value.message == f"row {count + 1} for everything, {said}"
    assert embedded.engine.tables(CHURN) == []


def test_a_known_key_is_updated_and_what_is_left_out_stays(embedded: Embedded) -> None:
    embedded.save(PEOPLE, {"id": 1, "name": "Ann", "born": "2000-01-01", "score": 1.5})
    embedded.save(PEOPLE, {"id": 1, "score": 2.5})
    embedded.save(PEOPLE, {"id": 2, "name": "Bob"})
    embedded.save(PEOPLE, {"id": 1, "name": None, "born": "2000-01-01", "score": 2.5})
    assert embedded.query("SELECT * FROM people") == [
        {"id": 1, "name": None, "born": "2000-01-01T00:00:00Z", "score": 2.5},
        {"id": 2, "name": "Bob", "born": None, "score": "NaN"},
    ]


@pytest.mark.parametrize("others", [0, 200], ids=["few", "many"])
def test_of_rows_with_one_key_the_last_one_counts(embedded: Embedded, others: int) -> None:
    more = [{"id": 100 + number, "name": "x"} for number in range(others)]
    for _ in range(2):
        embedded.save(PEOPLE, {"id": 1, "name": "first"}, *more, {"id": 1, "name": "last"})
    assert embedded.query("SELECT name FROM people WHERE id = 1") == [{"name": "last"}]


def test_segments_of_one_call_are_written_all_or_not_at_all(embedded: Embedded) -> None:
    good, bad = [{"id": 1, "name": "Ann"}], [{"id": "x"}]
    with pytest.raises(DataEngineError, match="row 2 for people"):
        embedded.engine.save(CHURN, CHURN, PEOPLE, [segment(good), segment(bad, first=1)])
    assert embedded.engine.tables(CHURN) == []


def test_no_rows_make_the_table_only_and_extra_keys_are_passed_over(embedded: Embedded) -> None:
    embedded.save(PEOPLE)
    assert embedded.query("SELECT * FROM people") == []
    embedded.save(PEOPLE, {"ID": 1, "Name": "Ann", "unknown": 5})
    assert embedded.query("SELECT id, name FROM PEOPLE") == [{"id": 1, "name": "Ann"}]


def test_columns_as_a_list_of_one_key_dictionaries(embedded: Embedded) -> None:
    schema = {**PEOPLE, "columns": [{"id": "int"}, {"name": "text"}]}
    embedded.save(schema, {"id": 1, "name": "Ann"})
    assert embedded.engine.tables(CHURN)[0]["columns"] == {"id": "int", "name": "text"}


def test_a_new_column_is_added_and_another_type_is_refused(embedded: Embedded) -> None:
    embedded.save(PEOPLE, {"id": 1, "name": "Ann"})
    embedded.save({**PEOPLE, "columns": {"id": "int", "city": "text"}}, {"id": 1, "city": "Bonn"})
    assert embedded.query("SELECT name, city FROM people") == [{"name": "Ann", "city": "Bonn"}]
    with pytest.raises(DataEngineError, match="column name of people is a text, the schema says int"):
        embedded.save({**PEOPLE, "columns": {"id": "int", "name": "int"}})
    with pytest.raises(DataEngineError, match=r"has the primary key \(id\), the schema says \(name\)"):
        embedded.save({**PEOPLE, "options": {"primary_key": ["name"]}})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"columns": {"id": "strng"}}, "column id of people: 'strng' is not a type"),
        ({"columns": {}}, 'has no "columns"'),
        ({"options": {}}, "has no primary key"),
        ({"options": {"primary_key": ["idd"]}}, "names idd, which is no column"),
        ({"options": {"primary_key": ["id"], "order_by": ["id sideways"]}}, "says 'id sideways'"),
        ({"table_name": ""}, "table_name cannot be ''"),
        ({"table_name": 'a"b'}, "table_name cannot be"),
    ],
)
def test_a_bad_schema_is_refused_by_name(embedded: Embedded, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DataEngineError, match=said.replace("(", r"\(")):
        embedded.save({**PEOPLE, **changes}, {"id": 1})


def test_many_write_at_once_and_one_who_errs_hurts_nobody(embedded: Embedded) -> None:
    start = threading.Barrier(8)

    def write(writer: int) -> int:
        start.wait()
        wrong = 0
        for number in range(20):
            try:
                embedded.save(PEOPLE, {"id": "x" if number == 7 else writer * 100 + number, "name": f"{writer}"})
            except DataEngineError:
                wrong += 1
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(8))) == [1] * 8
    assert embedded.query("SELECT count(*) AS n FROM people") == [{"n": 8 * 19}]


def test_what_was_saved_is_there_for_the_next_process(embedded: Embedded) -> None:
    embedded.save(PEOPLE, {"id": 1, "name": "Ann"})
    embedded.reopen()
    embedded.save(PEOPLE, {"id": 2, "name": "Bob"})
    assert embedded.query("SELECT name FROM people") == [{"name": "Ann"}, {"name": "Bob"}]


def test_a_row_may_be_large(embedded: Embedded) -> None:
    large = "x" * (20 * 2**20)
    embedded.save(PEOPLE, {"id": 1, "name": "small"}, {"id": 2, "name": large})
    assert embedded.query("SELECT length(name) AS n FROM people") == [{"n": 5}, {"n": len(large)}]
    embedded.save(PEOPLE, *({"id": number, "name": large if number == 50 else "x"} for number in range(100)))
    assert embedded.query("SELECT sum(length(name)) AS n FROM people") == [{"n": 99 + len(large)}]


@pytest.mark.parametrize("count", [1, 100], ids=["few", "many"])
def test_columns_may_have_any_name(embedded: Embedded, count: int) -> None:
    columns = {"the id": "int", "select": "text", "e": "list<int>", "größe-%": "float"}
    schema = {"table_name": "odd table", "options": {"primary_key": ["the id"]}, "columns": columns}
    row = {"the id": 1, "select": "x", "e": [1], "größe-%": 0.5, 'o"dd': 1, "it's": 2}
    embedded.save(schema, *({**row, "the id": number} for number in range(1, count + 1)))
    expected = {name: value for name, value in row.items() if name in columns}
    assert embedded.query("SELECT * FROM `odd table` WHERE `the id` = 1 AND `größe-%` > 0") == [expected]
