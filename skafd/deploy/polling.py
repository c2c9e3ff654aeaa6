"""Changes as repeated looks tell them, where the kernel does not: on network file systems, or out of watches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from pathlib import Path

from skafd.deploy.scope import Scope

INTERVAL_SECONDS = 1.0
_LARGEST_SHARE = 0.05
"""Of the time, at most so much is spent looking."""


class PollingSource:
    """Looks at its scopes in one thread, once a second or, when that would take too long, less often."""

    def __init__(self, report: Callable[[Scope], None], interval_seconds: float) -> None:
        self._report = report
        self._interval_seconds = interval_seconds
        self._condition = threading.Condition()
        self._seen: dict[Path, tuple[Scope, Hashable]] = {}
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="skafd-poll", daemon=True)
        self._thread.start()

    def add(self, scope: Scope) -> None:
        """Begins to look at the scope; a folder that does not exist is waited for."""
        seen = _fingerprint(scope)
        with self._condition:
            self._seen[scope.folder] = (scope, seen)
            self._condition.notify()

    def remove(self, scope: Scope) -> None:
        """Stops looking at it."""
        with self._condition:
            self._seen.pop(scope.folder, None)

    def close(self) -> None:
        """Ends the thread."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        pause_seconds = self._interval_seconds
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._seen or self._is_closed)
                self._condition.wait_for(lambda: self._is_closed, timeout=pause_seconds)
                if self._is_closed:
                    return
                scopes = list(self._seen.values())
            began = time.monotonic()
            for scope, seen in scopes:
                self._compare(scope, seen)
            pause_seconds = max(self._interval_seconds, (time.monotonic() - began) / _LARGEST_SHARE)

    def _compare(self, scope: Scope, seen: Hashable) -> None:
        current = _fingerprint(scope)
        if current == seen:
            return
        with self._condition:
            if self._seen.get(scope.folder, (None,))[0] is not scope:
                return
            self._seen[scope.folder] = (scope, current)
        self._report(scope)


def _fingerprint(scope: Scope) -> Hashable:
    try:
        return scope.fingerprint()
    except OSError as error:
        return error.errno  # What is wrong is told by the deployment; here it is a state like others.
