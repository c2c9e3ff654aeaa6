"""How other threads hand work to the orchestrator and wait for what became of it."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from skafd.errors import DaemonUnreachable
from skafd.model.decisions import Decisions, Event
from skafd.store.purpose import Purpose
from skafd.store.writer import Writer

T = TypeVar("T")

Prepare = Callable[[Writer], Sequence[Event]]


@dataclass(frozen=True, slots=True)
class Request:
    """`prepare` runs inside a write transaction and says what the engine is to be told; `answer` runs after the commit.

    An exception in `prepare` rolls the transaction back and goes to whoever waits for `future`. What `prepare` changes
    in memory it changes last, when nothing of it can fail any more.
    """

    prepare: Prepare
    answer: Callable[[Decisions], Any]
    future: Future[Any]
    purpose: Purpose

    def fulfil(self, decisions: Decisions) -> None:
        """Gives whoever waits the answer, or the error in making it."""
        _resolve(self.future, lambda: self.answer(decisions))


@dataclass(frozen=True, slots=True)
class Question:
    """Something that only the orchestrator's memory knows; nothing is written."""

    answer: Callable[[], Any]
    future: Future[Any]

    def fulfil(self) -> None:
        """Gives whoever waits the answer, or the error in making it."""
        _resolve(self.future, self.answer)


class Mailbox:
    """A queue with a file descriptor that is readable while something is in it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[Request | Question] = deque()
        self._is_closed = False
        self._reading_end, self._writing_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """For the orchestrator's selector."""
        return self._reading_end

    def put(self, prepare: Prepare, purpose: Purpose) -> Future[Decisions]:
        """Queues a request. Callable from any thread; wait for the result with `.result()`."""
        return self.ask(prepare, lambda decisions: decisions, purpose)

    def ask(self, prepare: Prepare, answer: Callable[[Decisions], T], purpose: Purpose) -> Future[T]:
        """Queues a request whose result `answer` makes of what was decided, in the orchestrator's thread."""
        future: Future[T] = Future()
        self._append(Request(prepare, answer, future, purpose))
        return future

    def inquire(self, answer: Callable[[], T]) -> Future[T]:
        """Queues a question that is answered in the orchestrator's thread."""
        future: Future[T] = Future()
        self._append(Question(answer, future))
        return future

    def wake(self) -> None:
        """Makes the orchestrator take a turn although nothing is queued."""
        with self._lock:
            if not self._is_closed:
                self._wake()

    def take(self) -> Iterator[Request | Question]:
        """Takes out one request after the other, oldest first; what was not taken stays. For the orchestrator alone."""
        with suppress(BlockingIOError):
            os.read(self._reading_end, 65536)
        for _ in range(len(self._requests)):
            request = self._requests.popleft()
            if request.future.set_running_or_notify_cancel():
                yield request

    def fail(self, error: Exception) -> None:
        """Gives everybody who waits this error. For the orchestrator alone."""
        for request in self.take():
            request.future.set_exception(error)

    def close(self) -> None:
        """Refuses what is still queued, and whatever may come."""
        with self._lock:
            self._is_closed = True
        self.fail(_ended())
        os.close(self._reading_end)
        os.close(self._writing_end)

    def _append(self, request: Request | Question) -> None:
        with self._lock:
            if self._is_closed:
                request.future.set_exception(_ended())
                return
            self._requests.append(request)
            self._wake()

    def _wake(self) -> None:
        # A pipe that is full of wake-ups: one more would say nothing new.
        with suppress(BlockingIOError):
            os.write(self._writing_end, b"!")


def _resolve(future: Future[Any], answer: Callable[[], Any]) -> None:
    try:
        future.set_result(answer())
    except Exception as error:
        future.set_exception(error)


def _ended() -> DaemonUnreachable:
    return DaemonUnreachable("the daemon was stopped before it could do this", "start it with `skafd up`")
