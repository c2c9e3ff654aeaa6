"""Tables as Parquet files that Spark reads: one for each version, as long as it is the present one or being read.

A version begins with a write.
"""

from __future__ import annotations

import os
import shutil
import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from skafd.addons.data.commits import refusal
from skafd.addons.data.databases import Databases
from skafd.addons.data.on_spark.column_types import spark_schema, stored
from skafd.addons.data.on_spark.instants import Seen, look
from skafd.addons.data.quoting import quoted, text
from skafd.addons.data.resolving import Resolved
from skafd.sandbox.user import User, give

_Key = tuple[Path, str, str]
"""Whose cluster, the project's id and the table's name."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A table as it was."""

    path: Path
    schema: dict[str, Any]
    """As Spark is told it."""


class Snapshots:
    """May be used from any thread."""

    def __init__(self, folder: Path, databases: Databases) -> None:
        """What an earlier process has left in the folder is removed: its versions are not known any more."""
        self._databases = databases
        self._folder = folder
        self._locks: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()
        self._present: dict[_Key, tuple[int, Snapshot]] = {}
        self._readers: Counter[Path] = Counter()
        self.clear()

    def clear(self) -> None:
        """Removes all files; nobody may read them any more."""
        self._present.clear()
        for folder in self._folder.glob("*/"):
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def of(self, tables: Sequence[Resolved], cluster: str, user: User | None) -> Iterator[list[Snapshot]]:
        """Files of the present versions, in that order, for the user of a cluster; they stay until the block ends.

        Raises DataEngineError, NotFound; DaemonUnreachable where there is no room for them.
        """
        folder = self._folder / cluster
        found = self._take(tables, folder, user)
        try:
            yield found
        finally:
            with self._lock:
                self._readers.subtract(snapshot.path for snapshot in found)
                self._remove_unread([snapshot.path for snapshot in found])

    def _take(self, tables: Sequence[Resolved], folder: Path, user: User | None) -> list[Snapshot]:
        keys = [(folder, *table.named) for table in tables]
        with ExitStack() as stack:
            # Always in the same order: another query may want some of the same tables.
            for key in sorted(set(keys)):
                with self._lock:
                    lock = self._locks[key]
                stack.enter_context(lock)
            cursor = stack.enter_context(self._databases.cursor())
            seen = look(cursor, self._databases, tables)
            found = [self._present_one(cursor, key, seen[key[1:]], user) for key in keys]
            with self._lock:
                self._readers.update(snapshot.path for snapshot in found)
        return found

    def _present_one(self, cursor: duckdb.DuckDBPyConnection, key: _Key, seen: Seen, user: User | None) -> Snapshot:
        known = self._present.get(key)
        if known is not None and known[0] == seen.version and known[1].path.exists():
            return known[1]
        snapshot = self._write(cursor, key[0], seen, user)
        with self._lock:
            self._present[key] = (seen.version, snapshot)
            if known is not None:
                self._remove_unread([known[1].path])
        return snapshot

    def _write(self, cursor: duckdb.DuckDBPyConnection, folder: Path, seen: Seen, user: User | None) -> Snapshot:
        for passage in (self._folder, folder):
            passage.mkdir(exist_ok=True)
            passage.chmod(0o711)
        path = folder / f"{uuid.uuid4().hex}.parquet"
        stored_as = [(quoted(one.name), stored(one.type.sql)[0]) for one in seen.schema.columns]
        columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in stored_as)
        table = f"{quoted(seen.table.database)}.main.{quoted(seen.schema.name)}"
        try:
            cursor.execute(f"COPY (SELECT {columns} FROM {table}) TO {text(str(path))} (FORMAT parquet)")
        except duckdb.Error as error:
            path.unlink(missing_ok=True)
            raise refusal(error) from error
        path.chmod(0o400)
        give(os.fspath(path), user)
        return Snapshot(path, spark_schema(seen.schema))

    def _remove_unread(self, paths: Sequence[Path]) -> None:
        present = {snapshot.path for _, snapshot in self._present.values()}
        for path in paths:
            if self._readers[path] == 0 and path not in present:
                del self._readers[path]
                path.unlink(missing_ok=True)
