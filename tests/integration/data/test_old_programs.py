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
assert ska.engine.save(schema, []).result() == {"data": [{"success": True}], "success": True}
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
