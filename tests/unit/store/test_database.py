"""The file: who may write, what a reader sees, what is left after a crash, which files are refused."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from skafd.errors import NotFound, StoreError
from skafd.model.decisions import Decisions
from skafd.model.ids import ProjectId, RunKey
from skafd.store import Database, connections, migrations
from skafd.store.migrations import SCHEMA_VERSION
from tests.support.stored import NOON, add_churn, apply, life, new_run


def run_numbers(database: Database) -> list[int]:
    with database.reader() as reader:
        return [run.key.number for run in reader.runs(limit=10_000)]


@pytest.mark.usefixtures("project")
def test_secrets_are_for_the_owner_alone(tmp_path: Path) -> None:
    files = list(tmp_path.glob("skafd.db*"))
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 3


def test_a_copied_file_is_closed_to_others_again(tmp_path: Path) -> None:
    path = tmp_path / "skafd.db"
    path.touch(mode=0o666)
    Database.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_commit_is_synced_and_checked(database: Database) -> None:
    with database.transaction() as writer:
        pragmas = {name: writer._one(f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert {name: tuple(row or ()) for name, row in pragmas.items()} == {
        "journal_mode": ("wal",),
        "synchronous": (2,),
        "foreign_keys": (1,),
    }


def test_an_error_in_the_block_leaves_nothing_behind(database: Database, project: ProjectId) -> None:
    with pytest.raises(KeyboardInterrupt), database.transaction() as writer:
        writer.apply(Decisions((new_run(project),)), NOON)
        raise KeyboardInterrupt
    assert run_numbers(database) == []
    apply(database, Decisions((new_run(project),)))
    assert run_numbers(database) == [1]


def test_transactions_do_not_nest(database: Database) -> None:
    with database.transaction(), pytest.raises(StoreError, match="inside"), database.transaction():
        pass


def test_a_writer_ends_with_its_transaction(database: Database, project: ProjectId) -> None:
    with database.transaction() as writer:
        pass
    with pytest.raises(StoreError, match="outside"):
        writer.forget_project(project)


@pytest.mark.usefixtures("project")
def test_a_second_thread_may_not_write(database: Database) -> None:
    refused: list[str] = []

    def write() -> None:
        try:
            with database.transaction():
                pass
        except StoreError as error:
            refused.append(error.message)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    assert refused == ["a second thread wants to write to the database: a bug"]


def test_a_reader_sees_one_snapshot_and_does_not_wait_for_the_writer(database: Database, project: ProjectId) -> None:
    apply(database, Decisions((new_run(project, 1),)))
    with database.reader() as reader:
        assert len(reader.runs()) == 1
        with database.transaction() as writer:
            writer.apply(Decisions((new_run(project, 2),)), NOON)
            assert run_numbers(database) == [1]
        assert len(reader.runs()) == 1
    assert run_numbers(database) == [2, 1]


def test_readers_in_many_threads_see_whole_transactions_while_one_writes(
    database: Database, project: ProjectId
) -> None:
    wrong: list[object] = []
    finished = threading.Event()

    def read() -> None:
        while not finished.is_set():
            with database.reader() as reader:
                runs, events = reader.runs(limit=10_000), reader.events(limit=10_000)
            begun = {event.run for event in events if event.job is None and event.old is None}
            if {run.key for run in runs} != begun:
                wrong.append(begun)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 40):
        apply(database, *life(project, number))
    finished.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError, match="readonly"), database.reader() as reader:
        reader._connection.execute("DELETE FROM project")


def test_the_error_of_a_full_disk_says_what_to_do(database: Database, project: ProjectId) -> None:
    with database.transaction() as writer:
        (pages,) = writer._connection.execute("PRAGMA page_count").fetchone()
        writer._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full") as caught, database.transaction() as writer:
        for number in range(1, 1000):
            writer.set_variable(project, f"key{number}", "x" * 1000)
    assert caught.value.hint is not None
    assert "make room" in caught.value.hint
    with database.reader() as reader:
        assert reader.variables(project) == {}


# --- crashes --------------------------------------------------------------------------------------------

_WRITE_UNTIL_KILLED = """
import sys
from pathlib import Path
from skafd.store import Database, connections, migrations
from tests.support.stored import add_churn, apply, life
folder = Path(sys.argv[1])
database = Database.open(folder / "skafd.db")
project = add_churn(database, folder)
number = 0
while True:
    number += 1
    apply(database, *life(project, number))
    print(number, flush=True)
"""


def test_what_was_committed_before_a_kill_is_there_afterwards(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITE_UNTIL_KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        for _ in range(5):
            acknowledged = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        acknowledged = int(([str(acknowledged), *process.stdout.read().split()])[-1])
    process.wait()
    database = Database.open(tmp_path / "skafd.db")
    numbers = run_numbers(database)
    database.close()
    assert numbers in (list(range(acknowledged, 0, -1)), list(range(acknowledged + 1, 0, -1)))


def test_any_prefix_of_the_write_ahead_log_is_a_prefix_of_the_history(tmp_path: Path) -> None:
    """As after a power cut that lost the end of the log: R5 in small."""
    database = Database.open(tmp_path / "skafd.db")
    project = add_churn(database, tmp_path)
    for number in range(1, 8):
        apply(database, *life(project, number))
    with database.reader() as reader:
        history = reader.events()
    log = (tmp_path / "skafd.db-wal").read_bytes()
    lengths = set()
    chance = random.Random(5)
    for attempt in range(25):
        copy = tmp_path / f"copy{attempt}"
        copy.mkdir()
        shutil.copy(tmp_path / "skafd.db", copy)
        (copy / "skafd.db-wal").write_bytes(log[: chance.randrange(len(log))])
        reopened = Database.open(copy / "skafd.db")
        with reopened.reader() as reader:
            events = reader.events()
        reopened.close()
        assert events == history[: len(events)]
        lengths.add(len(events))
    database.close()
    assert len(lengths) > 5


# --- files that are not ours ----------------------------------------------------------------------------


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "skafd.db"
    path.touch()
    database = Database.open(path)
    assert run_numbers(database) == []
    with database.transaction() as writer:
        assert tuple(writer._one("PRAGMA user_version") or ()) == (SCHEMA_VERSION,)
    database.close()


def test_a_migration_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    """The tables are made in one transaction; only the list of migrations may be there without them."""
    path = tmp_path / "skafd.db"
    Database.open(path).close()
    whole = sqlite3.connect(path)
    (list_of_migrations,) = whole.execute("SELECT sql FROM sqlite_schema WHERE name = '_sqlite_migrations'").fetchone()
    whole.close()
    path.unlink()
    begun = sqlite3.connect(path)
    begun.execute(list_of_migrations)
    begun.close()
    database = Database.open(path)
    assert add_churn(database, tmp_path)
    database.close()


def test_a_database_of_the_first_version_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "skafd.db"
    with monkeypatch.context() as first:
        first.setattr(migrations, "STEPS", migrations.STEPS[:1])
        first.setattr(connections, "SCHEMA_VERSION", 1)
        old = Database.open(path)
        with old.transaction() as writer:
            # As that version wrote it: the writer of today knows more columns.
            values = ("path:1", "churn", "churn", str(tmp_path), 0)
            writer._change("INSERT INTO project (key, slug, name, path, added_at) VALUES (?, ?, ?, ?, ?)", values)
        old.close()
    database = Database.open(path)
    with database.transaction() as writer:
        writer.add_parent_folder(tmp_path, NOON)
    with database.reader() as reader:
        found = reader.project(ProjectId("path:1"))
        assert (found.name, found.owner) == ("churn", None)
        assert reader.parent_folders() == (tmp_path,)
    database.close()


def test_a_known_database_is_opened_without_the_migration_tool(tmp_path: Path) -> None:
    """It costs a fifth of a second and 7 MB."""
    Database.open(tmp_path / "skafd.db").close()
    script = (
        "import sys; from pathlib import Path; from skafd.store import Database; "
        "Database.open(Path(sys.argv[1])).close(); assert 'sqlite_utils' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "skafd.db")], check=True)


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "skafd.db"
    Database.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE meta SET value = '9.9.9' WHERE key = 'written_by'")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer version of skafd \(9.9.9\)") as caught:
        Database.open(path)
    assert caught.value.hint == "install skafd 9.9.9 or later"
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "skafd.db"
    path.write_bytes(b"not a database " * 1000)
    with pytest.raises(StoreError, match="not a database") as caught:
        Database.open(path)
    assert caught.value.hint is not None
    assert "backup" in caught.value.hint
    assert path.read_bytes() == b"not a database " * 1000


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "skafd.db"
    database = Database.open(path)
    project = add_churn(database, tmp_path)
    for number in range(1, 30):
        apply(database, *life(project, number))
    database.close()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = random.Random(1).randbytes(len(content) - len(content) // 2)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged|malformed") as caught:
        Database.open(path)
    assert caught.value.hint is not None
    assert "backup" in caught.value.hint


def test_a_python_with_an_old_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(StoreError, match=r"3\.37 or later"):
        Database.open(tmp_path / "skafd.db")


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        Database.open(tmp_path / "nowhere" / "skafd.db")


def test_a_run_that_does_not_exist_is_not_found(database: Database, project: ProjectId) -> None:
    with database.reader() as reader, pytest.raises(NotFound, match="number 5"):
        reader.run(RunKey(project, 5))
