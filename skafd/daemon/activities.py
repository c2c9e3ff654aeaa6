"""What is being built for each project, as a screen shows it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from skafd import clock
from skafd.api.shapes import BuildInfo
from skafd.daemon.changes import Changes
from skafd.environments.progress import Measure, Unit
from skafd.units import format_memory

_BEFORE_IT_SAYS_ANYTHING = "preparing environment"
_COPYING = "copying files"
_WORTH_SAYING_SECONDS = 1.0
_SHORTEST_SECONDS = 0.2
"""Between two announcements: tools draw twenty times a second."""


class Activities:
    """Callable from any thread."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._builds: dict[Path, BuildInfo] = {}
        self._copying_since: dict[Path, float] = {}
        self._announced_at = 0.0

    def of(self, folder: Path) -> BuildInfo | None:
        """What is being built for the project in the folder; None for nothing."""
        return self._builds.get(folder)

    @contextmanager
    def building(self, folder: Path) -> Iterator[None]:
        """For as long as the block lasts."""
        self._builds[folder] = BuildInfo(_BEFORE_IT_SAYS_ANYTHING, clock.now().isoformat())
        self._changes.announce(())
        try:
            yield
        finally:
            self._builds.pop(folder, None)
            self._changes.announce(())

    def copied(self, folder: Path, done: int, total: int) -> None:
        """So many files of a save are copied, which is said of a tree that takes a while; all, or 0 of 0: no more."""
        now = time.monotonic()
        begun = self._copying_since.setdefault(folder, now)
        shown = self._builds.get(folder)
        is_ours = shown is not None and shown.what == _COPYING
        if done == total:
            del self._copying_since[folder]
            if is_ours:
                del self._builds[folder]
                self._changes.announce(())
        elif (shown is None or is_ours) and self._is_time(begun, now):
            self._announced_at = now
            since = (clock.now() - timedelta(seconds=now - begun)).isoformat()
            self._builds[folder] = BuildInfo(_COPYING, since, done, total, "files", 100 * done // total)
            self._changes.announce(())

    def _is_time(self, begun: float, now: float) -> bool:
        return now - begun >= _WORTH_SAYING_SECONDS and now - self._announced_at >= _SHORTEST_SECONDS

    def say(self, folder: Path, line: str) -> None:
        """A tool has printed a line."""
        build = self._builds.get(folder)
        if build is not None and line.strip():
            self._builds[folder] = BuildInfo(line.strip(), build.since)
            self._changes.announce(())

    def measure(self, folder: Path, measure: Measure) -> None:
        """A tool has come so far."""
        build = self._builds.get(folder)
        if build is None:
            return
        found = replace(
            build,
            what=measure.what,
            done=measure.done,
            total=measure.total,
            unit=measure.unit.value,
            percent=measure.percent,
        )
        self._builds[folder] = found
        now = time.monotonic()
        if found.percent != build.percent and now - self._announced_at >= _SHORTEST_SECONDS:
            self._announced_at = now
            self._changes.announce(())


def text_of(build: BuildInfo) -> str:
    """In a line; how long it has taken is for whoever shows it."""
    if build.what == _BEFORE_IT_SAYS_ANYTHING:
        return build.what
    if build.what == _COPYING:
        return f"{build.what}: {build.done:,} of {build.total:,}"
    text = f"building environment: {build.what}"
    if build.done is None or build.total is None:
        return text
    if build.unit == Unit.BYTES:
        return f"{text}, {build.percent} % of {format_memory(build.total)}"
    return f"{text}, {build.done} of {build.total} packages"
