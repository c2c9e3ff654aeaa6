"""Tables as files: one for each version, written once, removed when nobody reads an old one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from skafd.addons.data.databases import Databases
from skafd.addons.data.on_spark.instants import look
from skafd.addons.data.on_spark.snapshots import Snapshots
from skafd.addons.data.resolving import Resolved
from skafd.errors import NotFound
from tests.support.embedded import CHURN, PEOPLE, SCORER, Embedded

VISITS = {
    "table_name": "visits",
    "options": {"primary_key": ["id"]},
    "columns": {"id": "uuid", "at": "time", "when": "timestamp", "big": "varint", "of": "map<uuid, timestamp>"},
}


class Lab:
    """An engine, and the snapshots of its tables."""

    def __init__(self, folder: Path) -> None:
        self.embedded = Embedded(folder)
        self.databases: Databases = self.embedded.engine._databases
        self.snapshots = Snapshots(folder / ".incoming", self.databases)

    def table(self, name: str = "people") -> Resolved:
        return self.embedded.engine._resolve(CHURN, name, None)

    def files(self) -> list[Path]:
        return sorted((self.embedded.folder / ".incoming").glob("*/*.parquet"))

    def read(self, *names: str) -> list[list[tuple[object, ...]]]:
        with self.snapshots.of([self.table(name) for name in names], "spark", None) as found:
            return [duckdb.execute(f"SELECT * FROM '{one.path}' ORDER BY 1").fetchall() for one in found]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    lab.embedded.save(PEOPLE, {"id": 1, "name": "Ann"})
    yield lab
    lab.embedded.engine.close()


def test_a_version_is_written_once_and_the_old_one_is_removed(lab: Lab) -> None:
    assert lab.read("people", "people") == lab.read("people", "people")
    (first,) = lab.files()
    lab.embedded.save(PEOPLE, {"id": 2, "name": "Bob"})
    lab.embedded.save(VISITS)
    assert lab.files() == [first], "nobody has asked since"
    assert [row[:2] for row in lab.read("people")[0]] == [(1, "Ann"), (2, "Bob")]
    (second,) = lab.files()
    assert second != first
    lab.embedded.save(VISITS, {"id": "7d3ad92c-2c08-4d1c-9f6e-0f4d0f3b1a11"})
    lab.read("people")
    assert lab.files() == [second], "another table was written to"


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO people VALUES (9, 'x', NULL, NULL)", "DELETE FROM people", "DROP TABLE people"],
)
def test_every_kind_of_write_begins_a_version(lab: Lab, statement: str) -> None:
    before = lab.read("people")
    lab.embedded.query(statement)
    if statement.startswith("DROP"):
        lab.embedded.save(PEOPLE, {"id": 1, "name": "Ann again"})
    assert lab.read("people") != before


def test_a_file_that_is_loaded_begins_a_version(lab: Lab) -> None:
    before = lab.read("people")
    lab.embedded.engine.load(CHURN, "people", [], "csv", b"id,name\n5,Eve\n")
    assert lab.read("people") != before


def test_who_reads_an_old_version_can_go_on(lab: Lab) -> None:
    with lab.snapshots.of([lab.table()], "spark", None) as (old,):
        lab.embedded.save(PEOPLE, {"id": 2, "name": "Bob"})
        assert len(lab.read("people")[0]) == 2
        assert len(lab.files()) == 2
        assert duckdb.execute(f"SELECT count(*) FROM '{old.path}'").fetchall() == [(1,)]
    assert len(lab.files()) == 1


def test_tables_of_one_query_are_of_one_instant(lab: Lab) -> None:
    lab.embedded.save(VISITS)
    people, visits = lab.table("people"), lab.table("visits")
    with lab.databases.cursor() as cursor:
        seen = look(cursor, lab.databases, [people, visits])
        lab.embedded.save(PEOPLE, {"id": 2})
        lab.embedded.save(VISITS, {"id": "7d3ad92c-2c08-4d1c-9f6e-0f4d0f3b1a11"})
        for table, rows in ((people, 1), (visits, 0)):
            found = cursor.execute(f'SELECT count(*) FROM "{table.database}".main.{table.schema.name}').fetchall()
            assert found == [(rows,)]
        again = look(lab.databases.cursor(), lab.databases, [people, visits])
    assert all(again[name].version > seen[name].version for name in seen)


def test_types_that_spark_does_not_have_are_stored_as_others(lab: Lab) -> None:
    row = {"id": "7d3ad92c-2c08-4d1c-9f6e-0f4d0f3b1a11", "at": "10:00:01", "when": 0, "big": 2**70}
    lab.embedded.save(VISITS, {**row, "of": {row["id"]: 0}})
    with lab.snapshots.of([lab.table("visits")], "spark", None) as (found,):
        kinds = [one[1] for one in duckdb.execute(f"DESCRIBE SELECT * FROM '{found.path}'").fetchall()]
        assert {one["name"]: one["type"] for one in found.schema["fields"]}["big"] == "decimal(38,0)"
    zoned = "TIMESTAMP WITH TIME ZONE"
    assert kinds == ["VARCHAR", "VARCHAR", zoned, "DECIMAL(38,0)", f"MAP(VARCHAR, {zoned})"]


def test_a_table_that_was_dropped_meanwhile_is_missed_by_name(lab: Lab) -> None:
    table = lab.table()
    lab.embedded.query("DROP TABLE people")
    with pytest.raises(NotFound, match="churn has no table people any more"), lab.snapshots.of([table], "spark", None):
        pass


def test_each_cluster_has_its_own_and_a_new_process_begins_anew(lab: Lab) -> None:
    lab.embedded.save(PEOPLE, {"id": 1}, asks=SCORER, owner=SCORER)
    for cluster in ("spark", "spark-u1000"):
        with lab.snapshots.of([lab.table()], cluster, None) as (one,):
            assert one.path.parent.name == cluster
            assert one.path.stat().st_mode & 0o777 == 0o400
    assert len(lab.files()) == 2
    lab.snapshots = Snapshots(lab.embedded.folder / ".incoming", lab.databases)
    assert lab.files() == []
