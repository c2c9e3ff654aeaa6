"""Tells when a folder has changed and come to rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

from skafd.deploy.inotify import InotifySource
from skafd.deploy.polling import INTERVAL_SECONDS, PollingSource
from skafd.deploy.repository import is_repository_busy
from skafd.deploy.scope import ParentScope, ProjectScope, Scope
from skafd.deploy.settle import Change, Settling
from skafd.home import network_file_system

QUIET_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Mode:
    """How a folder is watched; where it is polled, `reason` says why, for people."""

    is_polled: bool
    reason: str = ""


class Watcher:
    """Watches projects, and folders that hold projects, and calls `on_settled(folder)` after each burst of changes.

    It is called with the very path that was given, one call at a time, in the watcher's thread: hand the work on.
    What is saved while a call lasts leads to another call. No thread wakes up while nothing happens, unless a folder
    has to be polled. Methods may be called from any thread.
    """

    def __init__(
        self,
        on_settled: Callable[[Path], None],
        quiet_seconds: float = QUIET_SECONDS,
        poll_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        self._on_settled = on_settled
        self._quiet_seconds = quiet_seconds
        self._poll_seconds = poll_seconds
        self._condition = threading.Condition()
        self._scopes: dict[Path, tuple[Scope, Mode]] = {}
        self._bursts: dict[Scope, Settling] = {}
        self._inotify: InotifySource | None = None
        self._polling: PollingSource | None = None
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="skafd-settle", daemon=True)
        self._thread.start()

    def watch(self, folder: Path) -> Mode:
        """Watches a project. A folder that does not exist (any longer) is waited for; its going is a change too."""
        return self._watch(ProjectScope(folder))

    def watch_parent(self, folder: Path) -> Mode:
        """Watches a folder for projects that appear below it or go; ask `config.find_projects` which there are."""
        return self._watch(ParentScope(folder))

    def unwatch(self, folder: Path) -> None:
        """Forgets the folder; a call that has begun may still come through."""
        with self._condition:
            scope, mode = self._scopes.pop(folder, (None, None))
            if scope is not None:
                self._bursts.pop(scope, None)
        source = self._polling if mode and mode.is_polled else self._inotify
        if scope is not None and source is not None:
            source.remove(scope)

    def mode(self, folder: Path) -> Mode:
        """How the folder is watched. Raises KeyError for a folder that is not."""
        return self._scopes[folder][1]

    def close(self) -> None:
        """Stops watching and ends all threads. Not to be called from `on_settled`."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()
        self._thread.join()
        for source in (self._inotify, self._polling):
            if source is not None:
                source.close()

    def _watch(self, scope: Scope) -> Mode:
        self.unwatch(scope.folder)
        file_system = network_file_system(scope.folder, Path("/proc/mounts").read_text(errors="replace"))
        if file_system:
            return self._poll(scope, f"{file_system} does not tell what other machines change")
        with self._condition:
            self._scopes[scope.folder] = (scope, Mode(is_polled=False))
        try:
            if self._inotify is None:
                self._inotify = InotifySource(self._note, self._on_lost)
            self._inotify.add(scope)
        except OSError as error:
            return self._poll(scope, _reason(error))
        return self.mode(scope.folder)

    def _poll(self, scope: Scope, reason: str) -> Mode:
        mode = Mode(is_polled=True, reason=reason)
        with self._condition:
            self._scopes[scope.folder] = (scope, mode)
            if self._polling is None:
                self._polling = PollingSource(
                    lambda changed: self._note(changed, Change.WRITTEN, "."), self._poll_seconds
                )
        self._polling.add(scope)
        return mode

    def _on_lost(self, scope: Scope, error: OSError) -> None:
        self._poll(scope, _reason(error))
        self._note(scope, Change.WRITTEN, ".")

    def _note(self, scope: Scope, change: Change, path: str) -> None:
        now = time.monotonic()
        with self._condition:
            known, mode = self._scopes.get(scope.folder, (None, None))
            if known is not scope or mode is None:
                return
            if scope not in self._bursts:
                # Between two polls nothing can be seen, so it is not quiet before another poll saw nothing.
                quiet_seconds = 1.5 * self._poll_seconds if mode.is_polled else self._quiet_seconds
                self._bursts[scope] = Settling(quiet_seconds, now)
            self._bursts[scope].happened(change, path, now)
            self._condition.notify()

    def _run(self) -> None:
        while (scope := self._next_due()) is not None:
            if self._is_over(scope):
                self._on_settled(scope.folder)

    def _next_due(self) -> Scope | None:
        """Waits until a burst is to be looked at. None when the watcher is closed."""
        with self._condition:
            while not self._is_closed:
                if not self._bursts:
                    self._condition.wait()
                    continue
                scope, burst = min(self._bursts.items(), key=lambda item: item[1].due_at())
                seconds = burst.due_at() - time.monotonic()
                if seconds <= 0:
                    return scope
                self._condition.wait(seconds)
        return None

    def _is_over(self, scope: Scope) -> bool:
        is_busy = is_repository_busy(scope.folder)
        with self._condition:
            burst = self._bursts.get(scope)
            if burst is None or not burst.look(time.monotonic(), is_busy, lambda: _fingerprint(scope)):
                return False
            del self._bursts[scope]
            return True


def _fingerprint(scope: Scope) -> Hashable:
    try:
        return scope.fingerprint()
    except OSError as error:
        return error.errno  # The deployment will tell.


def _reason(error: OSError) -> str:
    return f"{error.strerror}: raise fs.inotify.max_user_watches or max_user_instances with sysctl"
