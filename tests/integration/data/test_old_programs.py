"""Programs that save and query tables as they did on Skafos, on the oldest and the newest Python that jobs may have."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import skafd.sdk
from tests.support.interpreters import NEWEST, OLDEST, need_interpreter
from tests.support.tortured import Tortured

SDK = Path(skafd.sdk.__file__).parent
CONFIG = "  - {name: nothing, entrypoint: 'true', on_deploy: wait}\n"
TOKEN = "136056c2ac6d9e2f35a7b050"


@pytest.fixture(scope="module")
def machine() -> Iterator[Tortured]:
    with Tortured() as machine:
        machine.start()
        machine.deploy(machine.write("old", CONFIG, head=f"project_token: {TOKEN}\n"))
        yield machine


@pytest.fixture(params=[OLDEST, NEWEST])
def python(request: pytest.FixtureRequest) -> Path:
    return need_interpreter(request.param)


def say(machine: Tortured, python: Path, program: str) -> str:
    """What the program prints and logs; it has to end well."""
    environment = {**os.environ, "SKAFD_HOME": str(machine.home.path), "PYTHONPATH": str(SDK), "PROJECT_TOKEN": TOKEN}
    done = subprocess.run(
        [str(python), "-c", f"from skafossdk import *\nska = Skafos(project_token={TOKEN!r})\n{program}"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=machine.root,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


MOVIES = """
import datetime
schema = {
    "table_name": "movie_list",
    "options": {"primary_key": ["movie_id"]},
    "columns": {
        "movie_id": "int",
        "movie_title": "text",
        "popularity": "float",
        "genres": "set<text>",
        "release_date": "date",
        "ingested_at": "timestamp",
    },
}
assert ska.engine.save(schema, []).result() == {"data": [{"success": True}]}
rows = [
    {"movie_id": 1, "movie_title": "One", "popularity": float("nan"), "genres": ["b", "a"],
     "release_date": datetime.date(2018, 3, 1), "ingested_at": 1520000000000},
    {"movie_id": 2, "movie_title": "Two", "popularity": 7, "genres": [], "release_date": "2018-03-02"},
]
for batch in (rows[:1], rows[1:], rows):
    res = ska.engine.save(schema, batch).result()
    assert res["data"][0]["success"]
ska.engine.create_view("list", {"keyspace": "%(token)s", "table": "movie_list"}, DataSourceType.Cassandra).result()
request = ska.engine.query("SELECT DISTINCT(movie_id) from list ORDER BY movie_id")
assert "<Request at 0x" in repr(request) and "request_id=" in repr(request)
assert request.result()["data"] == [{"movie_id": 1}, {"movie_id": 2}]
found = ska.engine.query("SELECT * from list WHERE movie_id = 1").result().get("data")[0]
assert found == {
    "movie_id": 1, "movie_title": "One", "popularity": "NaN", "genres": ["a", "b"],
    "release_date": "2018-03-01T00:00:00Z", "ingested_at": "2018-03-02T14:13:20Z",
}, found
again = ska.engine.create_view("list", {"table": "movie_list"}, DataSourceType.Cassandra).result()
print("goes on")
nothing = ska.engine.query("SELECT * FROM nowhere").result()
assert not nothing.get("data") and nothing["data"] is None
assert ska.engine.query("SELECT * FROM list WHERE movie_id = 77").result()["data"] == []
assert ska.engine.query("DROP TABLE IF EXISTS list").result()
""" % {"token": TOKEN}  # noqa: UP031 full of braces


def test_a_batch_job_saves_and_reads_as_it_always_did(machine: Tortured, python: Path) -> None:
    printed = say(machine, python, MOVIES)
    assert "skafossdk.data_engine - INFO - Connecting to DataEngine" in printed
    assert "skafossdk.data_engine - INFO - DataEngine Connection Opened" in printed
    assert 'skafossdk.data_engine - ERROR - Table(s) ["list"] already exists' in printed
    assert "goes on" in printed


POSITIONAL = """
schema = {
    "table_name": "wess_table",
    "type": "cassandra",
    "options": {"primary_key": ["id", "zipcode"]},
    "columns": [{"id": "int"}, {"zipcode": "text"}, {"rain": "double"}],
}
ska.engine.save(schema, [[1, "23250", 0.5], (2, "22901", None)])
ska.engine.query("INSERT INTO TABLE wess_table select 3, '313', 1.5")
rows = ska.engine.query("SELECT * FROM wess_table WHERE zipcode IN (23250, 313)").result()["data"]
assert rows == [{"id": 1, "zipcode": "23250", "rain": 0.5}, {"id": 3, "zipcode": "313", "rain": 1.5}], rows
"""
MISTAKES = """
from skafossdk.exceptions import DataEngineError
schema = {"table_name": "wrong", "options": {"primary_key": ["id"]}, "columns": {"id": "uuid"}}
for bad in ([{"id": "no uuid"}], [{}], "text"):
    try:
        ska.engine.save(schema, bad).result()
    except DataEngineError as error:
        print("caught:", error)
ska.engine.save(dict(schema, columns={"id": "nonsense"}), [{"id": 1}])
ska.engine.save({"table_name": "right", "options": {"primary_key": ["id"]}, "columns": {"id": "int"}}, [{"id": 1}])
"""
LATER = """
assert ska.engine.query("SELECT id FROM right").result()["data"] == [{"id": 1}]
assert ska.engine.query("SELECT id FROM wrong").result()["data"] is None
"""


def test_rows_may_be_lists_and_calls_happen_in_their_order(machine: Tortured, python: Path) -> None:
    say(machine, python, POSITIONAL)


def test_mistakes_are_named_and_what_follows_them_is_done(machine: Tortured, python: Path) -> None:
    printed = say(machine, python, MISTAKES)
    assert "caught: row 1 for wrong, column id: 'no uuid' is no uuid" in printed
    assert "caught: row 1 for wrong has no id, which is in the primary key" in printed
    assert "caught: row 1 is neither a dictionary nor a list: 't'" in printed
    assert "ERROR - save('wrong') failed: column id of wrong: 'nonsense' is not a type" in printed
    say(machine, python, LATER)


TYPES = """
import concurrent.futures, decimal, uuid
schema = {
    "table_name": "every_type",
    "namespace": "%(token)s",
    "type": "cassandra",
    "options": {"primary_key": ["dataset_id"], },
    "columns": {
        "dataset_id": "uuid", "column": "varchar", "tiny": "tinyint", "large": "varint", "share": "decimal",
        "half": "double", "is_new": "boolean", "genres": "set<text>", "notes": "map<text, text>",
        "seen": "timestamp", "day": "date", "amount": "integer", "title": "string",
    },
}
for of_the_view_and_then_of_the_table in range(2):
    ska.engine.query("DROP TABLE IF EXISTS every_type")
one, two = uuid.uuid4(), str(uuid.uuid4())
rows = (row for row in [
    {"dataset_id": one, "column": "c", "tiny": 3, "large": 2 ** 70, "share": decimal.Decimal("1.25"), "half": 0.5,
     "is_new": True, "genres": {"b", "a"}, "notes": {"k": "v"}, "seen": "2018-01-02 03:04:05.678",
     "day": "2018-01-02", "amount": "7", "title": "T", "of no column": 1},
    {"dataset_id": two, "seen": 1514862245678, "tiny": None},
])
requests = [ska.engine.save(schema, rows), ska.engine.save(schema, [])]
done, waiting = concurrent.futures.wait(requests, timeout=60)
assert not waiting and all(one.result() == {"data": [{"success": True}]} for one in done)
# A view that is called as its table, and a column that is called `column`.
ska.engine.create_view("every_type", {"keyspace": "%(token)s", "table": "every_type"}, DataSourceType.Cassandra)
found = ska.engine.query("select dataset_id, column from every_type where column = 'c'").result()["data"]
assert found == [{"dataset_id": str(one), "column": "c"}], found
(found,) = ska.engine.query("SELECT * FROM every_type WHERE dataset_id = '%%s';" %% one).result()["data"]
del found["dataset_id"]
assert found == {
    "column": "c", "tiny": 3, "large": 2 ** 70, "share": 1.25, "half": 0.5, "is_new": True, "genres": ["a", "b"],
    "notes": {"k": "v"}, "seen": "2018-01-02T03:04:05.678Z", "day": "2018-01-02T00:00:00Z", "amount": 7, "title": "T",
}, found
(found,) = ska.engine.query('SELECT * FROM every_type WHERE dataset_id = "%%s"' %% two).result()["data"]
assert (found["tiny"], found["share"], found["column"]) == ("NaN", "NaN", None), found
assert found["seen"] == "2018-01-02T03:04:05.678Z", found
result = ska.engine.query("SELECT count(*) FROM every_type").result()
assert result["data"][0]["count(1)"] == 2 and "columns" in result["schema"]
if result["data"]:
    print(result["columns"])
late = ska.engine.query("SELECT 1 AS one")
try:
    late.result(timeout=0)
except concurrent.futures.TimeoutError as error:
    assert isinstance(error, TimeoutError)
assert late.result(60)["data"] == [{"one": 1}] and late.done() and late.exception() is None
""" % {"token": TOKEN}  # noqa: UP031 full of braces


def test_every_type_is_saved_and_comes_back_as_it_always_did(machine: Tortured, python: Path) -> None:
    assert "['count(1)']" in say(machine, python, TYPES)


MODULES = """
import skafossdk, skafossdk.exceptions
from skafossdk import DataSourceType, Skafos
from skafossdk.skafos import Skafos as Same
from skafossdk.data_engine import DataEngine
from skafossdk.asset_manager import AssetManager
from skafossdk.exceptions import (
    CallbackNotFound, DataEngineError, EventNotFound, EnvVarNotFound, Unauthorized, InvalidRequestMethod,
    MissingRequiredParameters, QueueError,
)
assert Same is Skafos is skafossdk.Skafos and isinstance(ska.engine, DataEngine)
assert isinstance(ska.asset_manager, AssetManager) and DataSourceType.Cassandra.name == "Cassandra"
for kind in (CallbackNotFound, DataEngineError, QueueError):
    try:
        raise kind("said")
    except Exception as error:
        assert str(error) == "said"
seen = []
ska.engine.query("SELECT 2 AS two", callback=seen.append).result()
assert seen[0]["data"] == [{"two": 2}]
"""


def test_modules_are_where_they_always_were(machine: Tortured, python: Path) -> None:
    say(machine, python, MODULES)
