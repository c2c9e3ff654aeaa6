"""What tells that something happened in a folder: the kernel, or repeated looks where it does not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from skafd.deploy.inotify import InotifySource
from skafd.deploy.polling import INTERVAL_SECONDS, PollingSource
from skafd.deploy.scope import Scope
from skafd.deploy.settle import Change
from skafd.home import network_file_system
from skafd.inbox.scope import InboxScope

log = logging.getLogger("skafd.inbox")


class Sources:
    """Both kinds, made when they are first needed. `happened(folder)` is called in their threads."""

    def __init__(self, happened: Callable[[Path], None]) -> None:
        self._happened = happened
        self._inotify: InotifySource | None = None
        self._polling: PollingSource | None = None
        self._scopes: dict[Path, tuple[InboxScope, InotifySource | PollingSource]] = {}

    def add(self, scope: InboxScope) -> None:
        """Begins to watch a folder, which need not exist yet; in place of what was watched of it."""
        self.remove(scope.folder)
        if network_file_system(scope.folder, Path("/proc/mounts").read_text(errors="replace")):
            self._poll(scope)
            return
        try:
            if self._inotify is None:
                self._inotify = InotifySource(self._report, self._on_lost)
            self._inotify.add(scope)
            self._scopes[scope.folder] = (scope, self._inotify)
        except OSError as error:
            self._on_lost(scope, error)

    def remove(self, folder: Path) -> None:
        """Stops watching; a folder that is not watched is no error."""
        scope, source = self._scopes.pop(folder, (None, None))
        if scope is not None and source is not None:
            source.remove(scope)

    def close(self) -> None:
        """Ends all threads."""
        for source in (self._inotify, self._polling):
            if source is not None:
                source.close()

    def _poll(self, scope: InboxScope) -> None:
        if self._polling is None:
            self._polling = PollingSource(lambda changed: self._happened(changed.folder), INTERVAL_SECONDS)
        self._polling.add(scope)
        self._scopes[scope.folder] = (scope, self._polling)

    def _report(self, scope: Scope, _change: Change, _path: str) -> None:
        self._happened(scope.folder)

    def _on_lost(self, scope: Scope, error: OSError) -> None:
        log.warning("%s is looked at once a second: %s", scope.folder, error)
        if isinstance(scope, InboxScope):
            self._poll(scope)
            self._happened(scope.folder)
