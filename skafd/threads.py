"""Threads for what may take long, begun as soon as the machine has room for them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

log = logging.getLogger("skafd.threads")

_PAUSE_SECONDS = 1.0

Work = Callable[[], object]


class Threads:
    """Methods may be called from any thread, and do not fail where the machine is out of processes.

    What cannot begin then waits for its turn, and is tried again every second by a thread that has been there from the
    start, and sleeps while there is nothing to try.
    """

    def __init__(self, name: str) -> None:
        """`name` is that of the threads. Raises RuntimeError where not even the first one can be had."""
        self._name = name
        self._lock = threading.Lock()
        self._alive: set[threading.Thread] = set()
        self._late: SimpleQueue[Work | None] = SimpleQueue()
        self._is_over = threading.Event()
        threading.Thread(target=self._catch_up, name=f"{name}-late", daemon=True).start()

    def begin(self, work: Work) -> None:
        """Has the work done in a thread of its own; returns at once. After `end` it is not begun any more."""
        if self._has_begun(work):
            return
        if self._late.empty():
            log.warning("the machine has no process for %s: it begins as soon as there is one", self._name)
        self._late.put(work)

    def end(self) -> None:
        """Drops what has not begun."""
        self._is_over.set()
        self._late.put(None)

    def close(self) -> None:
        """Drops what has not begun, and waits for the rest. Not to be called from one of the threads."""
        self.end()
        with self._lock:
            alive = set(self._alive)
        for thread in alive:
            thread.join()

    def _has_begun(self, work: Work) -> bool:
        """False where no thread can be had now."""
        thread = threading.Thread(target=self._do, args=(work,), name=self._name, daemon=True)
        with self._lock:
            if self._is_over.is_set():
                return True
            try:
                thread.start()
            except RuntimeError:
                return False
            self._alive.add(thread)
            return True

    def _do(self, work: Work) -> None:
        try:
            work()
        finally:
            # It is held until this thread is among those that are alive.
            with self._lock:
                self._alive.discard(threading.current_thread())

    def _catch_up(self) -> None:
        while (work := self._late.get()) is not None:
            while not self._has_begun(work):
                self._is_over.wait(_PAUSE_SECONDS)
