"""Calls of jobs, each of which has at most one effect."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from skafd.errors import Refused
from skafd.model.ids import AttemptKey
from skafd.store.instants import to_microseconds
from skafd.store.statements import PROJECT, Statements


def attempt_values(attempt: AttemptKey) -> dict[str, str | int]:
    """An attempt as the parameters of a statement."""
    task = attempt.task
    return {
        "project": task.run.project,
        "run": task.run.number,
        "job": task.job,
        "instance": task.instance,
        "attempt": attempt.number,
    }


class JobCallWriter(Statements):
    """The part of the Writer that concerns calls of jobs."""

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Undoes what was written in the block if it raises; what was written before stays.

        Raises Refused when the block writes of something that is gone.
        """
        self._check_in_transaction()
        self._connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException as error:
            # Some errors have ended the whole transaction already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO part")
                self._connection.execute("RELEASE part")
            if isinstance(error, sqlite3.IntegrityError):
                raise Refused(f"its project or its run is gone: {error}") from error
            raise
        self._connection.execute("RELEASE part")

    def answered(self, request: str) -> str | None:
        """What was answered to this call before."""
        row = self._one("SELECT answer FROM job_call WHERE request = ?", (request,))
        return row["answer"] if row else None

    def remember_answer(self, request: str, answer: str, now: datetime) -> None:
        """Notes what is about to be answered."""
        self._change("INSERT INTO job_call (request, answer, at) VALUES (?, ?, ?)", (request, answer, _at(now)))

    def forget_answers(self, before: datetime) -> None:
        """Removes those that nobody can ask for any more."""
        self._change("DELETE FROM job_call WHERE at < ?", (_at(before),))

    def is_alive(self, attempt: AttemptKey) -> bool:
        """Whether the attempt was begun and has not ended."""
        row = self._one(
            f"""SELECT 1 FROM attempt WHERE project = {PROJECT} AND run = :run AND job = :job
                    AND instance = :instance AND number = :attempt AND ended_at IS NULL""",
            attempt_values(attempt),
        )
        return row is not None


def _at(instant: datetime) -> int:
    return to_microseconds(instant)
