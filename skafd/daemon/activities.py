"""What is being built for each project, as a screen shows it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from skafd import clock
from skafd.api.shapes import BuildInfo
from skafd.daemon.changes import Changes
from skafd.environments.progress import Measure, Unit
from skafd.units import format_memory

_BEFORE_IT_SAYS_ANYTHING = "preparing environment"
_SHORTEST_SECONDS = 0.2
"""Between two announcements: tools draw twenty times a second."""


class Activities:
    """Callable from any thread."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._builds: dict[Path, BuildInfo] = {}
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
    text = f"building environment: {build.what}"
    if build.done is None or build.total is None:
        return text
    if build.unit == Unit.BYTES:
        return f"{text}, {build.percent} % of {format_memory(build.total)}"
    return f"{text}, {build.done} of {build.total} packages"
