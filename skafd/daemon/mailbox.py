"""How other threads hand work to the orchestrator and wait for what became of it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from skafd.model.decisions import Decisions, Event
from skafd.store.purpose import Purpose
from skafd.store.writer import Writer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """`prepare` runs inside a write transaction and says what the engine is to be told; `answer` runs after the commit.

    An exception in `prepare` rolls the transaction back and goes to whoever waits for `future`.
    """

    prepare: Callable[[Writer], Sequence[Event]]
    answer: Callable[[Decisions], Any]
    future: Future[Any]
    purpose: Purpose


class Mailbox:
    """A queue with a file descriptor that becomes readable when something is in it."""

    def __init__(self) -> None:
        self._requests: deque[Request] = deque()
        self._reading_end, self._writing_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """For the orchestrator's selector."""
        return self._reading_end

    def put(self, prepare: Callable[[Writer], Sequence[Event]], purpose: Purpose) -> Future[Decisions]:
        """Queues a request. Callable from any thread; wait for the result with `.result()`."""
        return self.ask(prepare, lambda decisions: decisions, purpose)

    def ask(
        self, prepare: Callable[[Writer], Sequence[Event]], answer: Callable[[Decisions], T], purpose: Purpose
    ) -> Future[T]:
        """Queues a request whose result `answer` makes of what was decided, in the orchestrator's thread."""
        request = Request(prepare, answer, Future(), purpose)
        self._requests.append(request)
        self.wake()
        return request.future

    def wake(self) -> None:
        """Makes the orchestrator take a turn although nothing is queued."""
        try:
            os.write(self._writing_end, b"!")
        except BlockingIOError:
            return  # The pipe is full of wake-ups: one more would say nothing new.

    def take(self) -> list[Request]:
        """Everything queued, oldest first. Called by the orchestrator alone."""
        try:
            os.read(self._reading_end, 65536)
        except BlockingIOError:
            return []
        return [self._requests.popleft() for _ in range(len(self._requests))]

    def close(self) -> None:
        """Closes the descriptors and fails what is still queued."""
        os.close(self._reading_end)
        os.close(self._writing_end)
        while self._requests:
            self._requests.popleft().future.cancel()
