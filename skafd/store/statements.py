"""What every group of statements shares: the connection, and rows by the columns' names."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from skafd.errors import StoreError
from skafd.model.ids import RunKey, TaskKey

Parameters = Mapping[str, Any] | Sequence[Any]

PROJECT = "(SELECT id FROM project WHERE key = :project)"
"""The row id of the project whose ProjectId is bound to `:project`."""
OF_RUN_OR_TASK = f"project = {PROJECT} AND run = :run AND (:job IS NULL OR (job = :job AND instance = :instance))"
"""What is of a run, or of one task of it, with the parameters of `run_or_task`."""


def run_or_task(run: RunKey, task: TaskKey | None) -> dict[str, str | int | None]:
    """A run, or one task of it, as the parameters of a statement."""
    job, instance = (None, None) if task is None else (task.job, task.instance)
    return {"project": run.project, "run": run.number, "job": job, "instance": instance}


class Statements:
    """Holds a connection; subclasses are the queries."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def _all(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        return self._connection.execute(sql, parameters).fetchall()

    def _one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def _change(self, sql: str, parameters: Parameters = ()) -> int:
        """Runs one statement and returns how many rows it changed."""
        self._check_in_transaction()
        return self._connection.execute(sql, parameters).rowcount

    def _change_many(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> int:
        """Runs one statement for each of `rows`, in order, and returns how many rows changed in all."""
        self._check_in_transaction()
        return self._connection.executemany(sql, rows).rowcount if rows else 0

    def _check_in_transaction(self) -> None:
        if not self._connection.in_transaction:
            raise StoreError("a write outside of a transaction: a bug")
