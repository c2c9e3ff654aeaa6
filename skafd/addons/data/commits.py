"""One thread writes to each database, and commits together what has come in meanwhile: one sync for many writers."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb

from skafd.addons.data.complaints import one_line
from skafd.errors import DaemonUnreachable, DataEngineError, SkafdError

log = logging.getLogger("skafd.data")

_MOST_AT_ONCE = 256
_MOMENT_SECONDS = 0.002


def refusal(error: Exception) -> SkafdError:
    """What is said of an error of DuckDB's. Where there is no room whoever asks may ask again: the SDK does."""
    if "No space left" in str(error):
        return DaemonUnreachable("there is no room on the disk for tables", "`skafd status` says more")
    return DataEngineError(f"it could not be written: {one_line(error)}")


class Write(Protocol):
    """A change of one database."""

    def apply(self, connection: duckdb.DuckDBPyConnection) -> Any:
        """Makes the change in an open transaction, quickly; what it returns goes to whoever asked."""

    def apply_alone(self, connection: duckdb.DuckDBPyConnection) -> Any:
        """The same after `apply` has failed, with care: raises DataEngineError with what is wrong."""

    def joined(self, others: Sequence[Write]) -> Write | None:
        """One change in place of this one and some that came after it, whose results are the same; None: impossible."""


@dataclass(frozen=True, slots=True)
class _Pending:
    write: Write
    future: Future[Any]


class Commits:
    """A change that was acknowledged is on disk: DuckDB syncs its log at each commit."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str, settled: Callable[[], None]) -> None:
        """`settled` is called after each transaction."""
        self._settled = settled
        self._connection = connection
        self._queue: queue.SimpleQueue[_Pending | None] = queue.SimpleQueue()
        self._expected = 1
        """How many writers there seem to be."""
        self._thread = threading.Thread(target=self._run, name=f"commits-{name}", daemon=True)
        self._thread.start()

    def do(self, write: Write) -> Any:
        """Returns when the change is durable. Raises DataEngineError, and then nothing of it is there."""
        pending = _Pending(write, Future())
        self._queue.put(pending)
        return pending.future.result()

    def close(self) -> None:
        """Ends after what was asked so far."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, is_last = self._gather(first)
            self._commit(batch)
            # Who was answered will ask again, and these have asked meanwhile.
            self._expected = len(batch) + self._queue.qsize()
            if is_last:
                return

    def _gather(self, first: _Pending) -> tuple[list[_Pending], bool]:
        """What can be committed together, and whether that is the end.

        As many as asked the last time are waited for, a moment: a commit for each costs more than the moment.
        """
        batch = [first]
        until = time.monotonic() + _MOMENT_SECONDS
        while len(batch) < _MOST_AT_ONCE:
            rest = until - time.monotonic() if len(batch) < self._expected else 0.0
            try:
                following = self._queue.get(timeout=rest) if rest > 0 else self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                return batch, True
            batch.append(following)
        return batch, False

    def _commit(self, batch: list[_Pending]) -> None:
        try:
            results = self._together(batch)
        except duckdb.FatalException as error:
            # The instance refuses everything from now on; a new process replays the log.
            log.critical("ending, since the database gave up: %s", error)
            os._exit(70)
        except Exception:
            self._roll_back()
            for pending in batch:
                self._alone(pending)
            return
        for pending, result in zip(batch, results, strict=True):
            pending.future.set_result(result)

    def _together(self, batch: list[_Pending]) -> list[Any]:
        writes = [pending.write for pending in batch]
        joined = writes[0].joined(writes[1:]) if len(writes) > 1 else None
        self._connection.execute("BEGIN")
        if joined is not None:
            result = joined.apply(self._connection)
            results = [result] * len(batch)
        else:
            results = [write.apply(self._connection) for write in writes]
        self._connection.execute("COMMIT")
        self._settled()
        return results

    def _alone(self, pending: _Pending) -> None:
        try:
            self._connection.execute("BEGIN")
            result = pending.write.apply_alone(self._connection)
            self._connection.execute("COMMIT")
            self._settled()
        except SkafdError as error:
            self._roll_back()
            pending.future.set_exception(error)
        except Exception as error:
            self._roll_back()
            pending.future.set_exception(refusal(error))
        else:
            pending.future.set_result(result)

    def _roll_back(self) -> None:
        # There is none where the error has ended it.
        with suppress(duckdb.Error):
            self._connection.execute("ROLLBACK")
        self._settled()
