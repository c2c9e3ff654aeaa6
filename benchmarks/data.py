"""The data engine beside SQLite and bare DuckDB: single upserts from four writers, a bulk save, a group-by.

Each of the engine's figures is what a job sees: the SDK, a socket, HTTP, the engine, a commit that is on the disk.
SQLite and DuckDB are called in the writers' own processes; four of them cannot open one DuckDB database, so there it is
four threads of one process. Every commit of every side is synced.

    python benchmarks/data.py [--scale 1.0] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.real_daemon import RealDaemon, running_empty

ROOT = Path(__file__).resolve().parent.parent
WRITERS = 4
AWAITED, UNAWAITED = 100, 5_000
BULK_ROWS = 1_000_000
GROUPED_ROWS = 10_000_000
GROUPS = 1000
_CONFIG = "name: bench\njobs:\n  - {name: nothing, entrypoint: 'true', on_deploy: wait}\n"
_UPSERT = "INSERT INTO t VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, v = excluded.v"
_TABLE = "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT, v DOUBLE)"
_GROUP_BY = "SELECT k, count(*) AS n, avg(v) AS m FROM g GROUP BY k ORDER BY k"
_SDK = """\
import sys, time
sys.path.insert(0, {sdk!r})
import logging
logging.disable(logging.INFO)
from skafossdk import *
ska = Skafos(project_token="bench")
schema = {{"table_name": "t", "options": {{"primary_key": ["id"]}},
          "columns": {{"id": "bigint", "name": "text", "v": "double"}}}}
def row(number):
    return {{"id": number, "name": "name of %d" % number, "v": number * 0.5}}
ska.engine.save(schema, []).result()
"""
_AWAITED = """
begin = time.perf_counter()
for number in range({count}):
    ska.engine.save(schema, [row({writer} * 1000000 + number)]).result()
print(time.perf_counter() - begin)
"""
_UNAWAITED = """
begin = time.perf_counter()
requests = [ska.engine.save(schema, [row({writer} * 1000000 + number)]) for number in range({count})]
for request in requests:
    request.result()
print(time.perf_counter() - begin)
"""
_BULK = """
rows = [row(number) for number in range({count})]
begin = time.perf_counter()
ska.engine.save(schema, rows).result()
print(time.perf_counter() - begin)
"""
_SQLITE = """
import sqlite3, time
connection = sqlite3.connect({path!r}, timeout=600, isolation_level=None)
connection.execute("PRAGMA synchronous = FULL")
begin = time.perf_counter()
for number in range({count}):
    connection.execute({upsert!r}, ({writer} * 1000000 + number, "name of %d" % number, number * 0.5))
print(time.perf_counter() - begin)
"""


class Measured:
    """Figures by what they are of."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, float, str]] = []

    def add(self, what: str, side: str, value: float, unit: str) -> None:
        self.lines.append((what, side, value, unit))
        print(f"{what:44} {side:12} {value:12,.1f} {unit}", flush=True)


def main() -> None:
    """Prints a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="so much of every amount")
    parser.add_argument("--json", action="store_true", help="print JSON at the end")
    given = parser.parse_args()
    measured = Measured()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cpus")
    with tempfile.TemporaryDirectory(prefix="skafd-bench-", dir="/tmp") as folder:
        _upserts(Path(folder), measured, given.scale)
        _bulk(Path(folder), measured, int(BULK_ROWS * given.scale))
        _grouped(Path(folder), measured, int(GROUPED_ROWS * given.scale))
        with running_empty() as daemon:
            _engine(daemon, Path(folder), measured, given.scale)
    print(f"load {os.getloadavg()[0]:.1f}")
    if given.json:
        print(json.dumps(measured.lines))


def _engine(daemon: RealDaemon, folder: Path, measured: Measured, scale: float) -> None:
    project = folder / "bench"
    project.mkdir()
    (project / "metis.config.yml").write_text(_CONFIG)
    daemon.hand_over(project)
    environment = {**os.environ, "SKAFD_HOME": str(daemon.folder / "state")}
    setup = _SDK.format(sdk=str(ROOT / "skafd" / "sdk"))
    for what, script, count in (
        ("single upserts, each awaited", _AWAITED, int(AWAITED * scale)),
        ("single upserts, awaited at the end", _UNAWAITED, int(UNAWAITED * scale)),
    ):
        programs = [setup + script.format(count=count, writer=writer) for writer in range(WRITERS)]
        rate = WRITERS * count / _slowest(programs, environment)
        measured.add(f"{what}, {WRITERS} writers", "engine", rate, "rows/s")
    rows = int(BULK_ROWS * scale)
    seconds = _slowest([setup + _BULK.format(count=rows)], environment)
    measured.add(f"bulk save of {rows:,} rows", "engine", seconds, "s")
    _group_in_engine(setup, environment, measured, int(GROUPED_ROWS * scale))


def _group_in_engine(setup: str, environment: dict[str, str], measured: Measured, rows: int) -> None:
    fill = f"INSERT INTO g SELECT id, id % {GROUPS}, id * 0.5 FROM range({rows})"
    columns = {"id": "bigint", "k": "int", "v": "double"}
    schema = {"table_name": "g", "options": {"primary_key": ["id"]}, "columns": columns}
    script = f"""
ska.engine.save({schema!r}, []).result()
filled = ska.engine.query({fill!r}).result()
assert filled["success"], filled
begin = time.perf_counter()
assert len(ska.engine.query({_GROUP_BY!r}).result()["data"]) == {GROUPS}
print(time.perf_counter() - begin)
"""
    measured.add(f"group-by over {rows:,} rows", "engine", _slowest([setup + script], environment), "s")


def _upserts(folder: Path, measured: Measured, scale: float) -> None:
    what, count = f"single upserts, each awaited, {WRITERS} writers", int(AWAITED * scale)
    path = folder / "upserts.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(_TABLE)
    programs = [_SQLITE.format(path=str(path), count=count, writer=writer, upsert=_UPSERT) for writer in range(WRITERS)]
    measured.add(what, "SQLite", WRITERS * count / _slowest(programs, dict(os.environ)), "rows/s")
    duck = duckdb.connect(str(folder / "upserts.duckdb"))
    duck.execute(_TABLE)
    threads = [threading.Thread(target=_duck_writer, args=(duck.cursor(), one, count)) for one in range(WRITERS)]
    measured.add(what, "DuckDB", WRITERS * count / _timed(lambda: _run(threads)), "rows/s")


def _duck_writer(cursor: duckdb.DuckDBPyConnection, writer: int, count: int) -> None:
    for number in range(count):
        cursor.execute(_UPSERT, [writer * 1_000_000 + number, f"name of {number}", number * 0.5])


def _bulk(folder: Path, measured: Measured, count: int) -> None:
    what = f"bulk save of {count:,} rows"
    rows = [(number, f"name of {number}", number * 0.5) for number in range(count)]
    connection = sqlite3.connect(folder / "bulk.sqlite")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(_TABLE)
    with connection:
        begin = time.perf_counter()
        connection.executemany(_UPSERT, rows)
    measured.add(what, "SQLite", time.perf_counter() - begin, "s")
    lines = folder / "bulk.json"
    lines.write_text("\n".join(json.dumps({"id": one, "name": name, "v": v}) for one, name, v in rows))
    duck = duckdb.connect(str(folder / "bulk.duckdb"))
    duck.execute(_TABLE)
    insert = f"INSERT OR REPLACE INTO t SELECT id, name, v FROM read_json('{lines}')"
    measured.add(what, "DuckDB", _timed(lambda: duck.execute(insert)), "s")


def _grouped(folder: Path, measured: Measured, count: int) -> None:
    what = f"group-by over {count:,} rows"
    connection = sqlite3.connect(folder / "grouped.sqlite")
    connection.execute("CREATE TABLE g (id BIGINT PRIMARY KEY, k INT, v DOUBLE)")
    rows = ((number, number % GROUPS, number * 0.5) for number in range(count))
    connection.executemany("INSERT INTO g VALUES (?, ?, ?)", rows)
    connection.commit()
    measured.add(what, "SQLite", _timed(lambda: connection.execute(_GROUP_BY).fetchall()), "s")
    duck = duckdb.connect(str(folder / "grouped.duckdb"))
    duck.execute("CREATE TABLE g (id BIGINT PRIMARY KEY, k INT, v DOUBLE)")
    duck.execute(f"INSERT INTO g SELECT range, range % {GROUPS}, range * 0.5 FROM range({count})")
    measured.add(what, "DuckDB", _timed(lambda: duck.execute(_GROUP_BY).fetchall()), "s")


def _slowest(programs: list[str], environment: dict[str, str]) -> float:
    """Runs them side by side; the seconds that the slowest says it took."""
    running = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
        for program in programs
    ]
    said = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise RuntimeError("a writer failed; what it said is above")
    return max(float(text.splitlines()[-1]) for text in said)


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
