"""Writes of jobs: gathered while the disk is busy, so that many jobs cost one transaction, each at most once."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from skafd import clock
from skafd.daemon.changes import Changes
from skafd.daemon.mailbox import Mailbox
from skafd.errors import Refused, StoreError
from skafd.job_token import JobToken
from skafd.model.decisions import Event
from skafd.model.ids import AttemptKey, JobId, ProjectId, RunKey, TaskKey
from skafd.store import Purpose, Writer

_MOST_AT_ONCE = 500

Work = Callable[[Writer, AttemptKey], Any]


@dataclass(slots=True)
class _Call:
    attempt: AttemptKey
    request_id: str
    work: Work
    future: Future[Any]
    answer: Any = None
    error: Exception | None = None


class Commits:
    """Callable from any thread but the orchestrator's."""

    def __init__(self, mailbox: Mailbox, changes: Changes) -> None:
        self._mailbox = mailbox
        self._changes = changes
        self._lock = threading.Lock()
        self._waiting: deque[_Call] = deque()

    def write(self, token: JobToken, request_id: str, work: Work) -> Any:
        """Does the work in a transaction, and returns what it returns (JSON can hold it) when that is on disk.

        A request that was answered before gets the same answer, and nothing is done; "" is no request's id. Raises what
        the work raises, Refused for an attempt that has ended, StoreError, DaemonUnreachable.
        """
        call = _Call(attempt_of(token), request_id, work, Future())
        with self._lock:
            self._waiting.append(call)
            is_first = len(self._waiting) == 1
        if is_first:
            self._ask()
        return call.future.result()

    def _ask(self) -> None:
        taken: list[_Call] = []
        asked = self._mailbox.put(lambda writer: self._do(writer, taken), Purpose.JOB_CALLS)
        asked.add_done_callback(lambda done: self._answer(done, taken))

    def _do(self, writer: Writer, taken: list[_Call]) -> list[Event]:
        """In the orchestrator's thread: whatever has been asked for by now."""
        with self._lock:
            taken += [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_AT_ONCE))]
            is_more = bool(self._waiting)
        if is_more:
            self._ask()
        for call in taken:
            _carry_out(writer, call)
        return []

    def _answer(self, done: Future[Any], taken: list[_Call]) -> None:
        """It is on disk, or nothing of it is."""
        failure = done.exception()
        if failure is not None and not taken:
            with self._lock:
                taken = list(self._waiting)
                self._waiting.clear()
        if failure is None and taken:
            self._changes.announce({call.attempt.task.run.project for call in taken})
        for call in taken:
            error = failure or call.error
            if error is not None:
                call.future.set_exception(error)
            else:
                call.future.set_result(call.answer)


def attempt_of(token: JobToken) -> AttemptKey:
    """The attempt that a token was made for."""
    task = TaskKey(RunKey(ProjectId(token.project), token.run), JobId(token.job), token.instance)
    return AttemptKey(task, token.attempt)


def check_alive(writer: Writer, attempt: AttemptKey) -> None:
    """Raises Refused for an attempt that has ended. Who asks outside of a run is none."""
    if attempt.task.run.number and not writer.is_alive(attempt):
        raise Refused("this attempt has ended, and can keep nothing any more")


def _carry_out(writer: Writer, call: _Call) -> None:
    known = writer.answered(call.request_id) if call.request_id else None
    if known is not None:
        call.answer = json.loads(known)
        return
    try:
        with writer.all_or_nothing():
            check_alive(writer, call.attempt)
            call.answer = call.work(writer, call.attempt)
            if call.request_id:
                writer.remember_answer(call.request_id, json.dumps(call.answer), clock.now())
    except (StoreError, sqlite3.Error):
        raise
    except Exception as error:
        # What other jobs said is written with it, and is none the worse for it.
        call.error = error
