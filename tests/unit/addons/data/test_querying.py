"""Queries in Spark SQL: views, names, order, what is refused, and whose tables can be seen."""

from __future__ import annotations

import pytest

from skafd.errors import DataEngineError, NotFound, Refused, SkafdError
from tests.support.embedded import CHURN, PEOPLE, SCORER, Embedded

WEATHER = {
    "table_name": "weather",
    "options": {"primary_key": ["zipcode", "date"], "order_by": ["date desc"]},
    "columns": {"zipcode": "text", "date": "date", "tmax": "float"},
}
DAYS = [{"zipcode": "23250", "date": f"2018-01-{day:02d}", "tmax": day / 2} for day in (2, 1, 3)]


@pytest.fixture
def weather(either: Embedded) -> Embedded:
    either.save(WEATHER, *DAYS, {"zipcode": "none", "date": "2018-01-01", "tmax": None})
    either.engine.create_view(CHURN, "w", CHURN, "weather")
    return either


def test_a_text_compared_to_a_number_is_compared_as_a_number(weather: Embedded) -> None:
    assert len(weather.query("SELECT * from w WHERE zipcode = 23250")) == 3
    assert len(weather.query("SELECT * from w WHERE zipcode IN (23250, 5)")) == 3
    assert weather.query("SELECT * from w WHERE zipcode = '023250'") == []


def test_rows_come_in_the_order_of_the_table_unless_another_is_asked_for(weather: Embedded) -> None:
    assert [row["tmax"] for row in weather.query("SELECT tmax FROM w LIMIT 2")] == [1.5, 1.0]
    assert [row["tmax"] for row in weather.query("SELECT tmax FROM w WHERE tmax > 0 ORDER BY date")] == [0.5, 1.0, 1.5]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT DISTINCT(zipcode) FROM w ORDER BY zipcode", [{"zipcode": "23250"}, {"zipcode": "none"}]),
        ("select max(tmax) AS m, nvl(min(zipcode), '') z from w", [{"m": 1.5, "z": "23250"}]),
        ("WITH x AS (SELECT tmax t FROM w WHERE tmax = 0.5) SELECT t FROM x", [{"t": 0.5}]),
        ("SELECT cast('abc' AS int) AS n, size(split('a,b', ',')) AS s", [{"n": "NaN", "s": 2}]),
        ("SELECT count(*) n FROM w a JOIN weather b ON a.zipcode = b.zipcode AND a.date = b.date", [{"n": 4}]),
        ("SELECT x FROM (SELECT explode(array(1, 2)) AS x)", [{"x": 1}, {"x": 2}]),
        ("SELECT id * 2 AS n FROM range(3)", [{"n": 0}, {"n": 2}, {"n": 4}]),
        ("SHOW TABLES", [{"name": "weather", "kind": "table"}, {"name": "w", "kind": "view"}]),
    ],
)
def test_spark_sql_is_understood(weather: Embedded, sql: str, expected: object) -> None:
    assert weather.query(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM `/etc/passwd`",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM project_scorer.main.people",
        "SELECT * FROM information_schema.tables",
        "ATTACH '/tmp/x.duckdb'",
        "CREATE TABLE x (a INT)",
        "COPY w TO '/tmp/x.csv'",
        "SET memory_limit = '1GB'",
        "SELECT 1; SELECT 2",
        "SELEC",
        "",
        "SELECT nope FROM w",
        "SELECT reflect('java.lang.System', 'exit', 1) FROM w",
        "SELECT TRANSFORM(zipcode) USING 'cat' AS (a) FROM w",
        "SELECT * FROM parquet.`/tmp/x.parquet`",
    ],
)
def test_what_is_no_query_of_tables_is_refused(weather: Embedded, sql: str) -> None:
    weather.save(PEOPLE, {"id": 1}, asks=SCORER, owner=SCORER)
    with pytest.raises(SkafdError):
        weather.query(sql)


def test_a_second_view_of_a_name_is_refused_and_a_view_may_be_called_as_its_table(weather: Embedded) -> None:
    weather.engine.create_view(CHURN, "weather", CHURN, "weather")
    with pytest.raises(Refused, match=r'Table\(s\) \["W"\] already exists'):
        weather.engine.create_view(CHURN, "W", CHURN, "weather")
    with pytest.raises(NotFound, match="has no table nowhere"):
        weather.engine.create_view(CHURN, "v", CHURN, "nowhere")


def test_insert_updates_by_key_and_delete_and_drop_work(weather: Embedded) -> None:
    weather.save(PEOPLE)
    weather.query("INSERT INTO TABLE people select 3, '313', '2000-01-01', 1")
    weather.query("INSERT INTO people (id, name) VALUES (3, 'new'), (4, 'x')")
    assert weather.query("SELECT id, name, score FROM people") == [
        {"id": 3, "name": "new", "score": "NaN"},
        {"id": 4, "name": "x", "score": "NaN"},
    ]
    weather.query("DELETE FROM people WHERE id = 3")
    assert weather.query("SELECT id FROM people") == [{"id": 4}]
    for _ in range(2):
        weather.query("DROP TABLE IF EXISTS people")
    with pytest.raises(NotFound):
        weather.query("DROP TABLE people")


def test_drop_takes_the_view_first_and_leaves_its_table(weather: Embedded) -> None:
    weather.query("DROP TABLE w")
    assert len(weather.query("SELECT * FROM weather")) == 4


def test_tables_of_others_are_seen_only_when_they_are_shared(weather: Embedded) -> None:
    with pytest.raises(Refused, match="churn does not share its tables with scorer"):
        weather.engine.create_view(SCORER, "w", CHURN, "weather")
    weather.engine.share(CHURN, SCORER, may_write=False)
    weather.engine.create_view(SCORER, "w", CHURN, "weather")
    assert len(weather.query("SELECT * FROM w", asks=SCORER)) == 4
    assert len(weather.query("SELECT * FROM churn.weather", asks=SCORER)) == 4
    with pytest.raises(DataEngineError, match="may be read, and not written to"):
        weather.query("DELETE FROM w", asks=SCORER)
    with pytest.raises(Refused, match="for writing"):
        weather.save(WEATHER, DAYS[0], asks=SCORER)
    weather.engine.share(CHURN, SCORER, may_write=True)
    weather.save(WEATHER, {**DAYS[0], "tmax": 40}, asks=SCORER)
    weather.engine.unshare(CHURN, SCORER)
    with pytest.raises(Refused):
        weather.query("SELECT * FROM w", asks=SCORER)


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_tables_go_into_files_and_come_back(weather: Embedded, form: str) -> None:
    with weather.engine.export(CHURN, "SELECT * FROM w WHERE zipcode = '23250'", form) as stream:
        content = stream.read()
    key = ["zipcode", "date"]
    with pytest.raises(DataEngineError, match="there is no table again yet"):
        weather.engine.load(CHURN, "again", [], form, content)
    for _ in range(2):
        assert weather.engine.load(CHURN, "again", key, form, content) == 3
    assert [row["tmax"] for row in weather.query("SELECT tmax FROM again")] == [0.5, 1.0, 1.5]
    with pytest.raises(DataEngineError, match="cannot be put into again"):
        weather.engine.load(CHURN, "again", key, "parquet", b"nothing of the kind")
