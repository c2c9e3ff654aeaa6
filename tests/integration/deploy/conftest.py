from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.deploy.watch import Watcher
from tests.support.collector import Collector
from tests.support.project_folder import make_project


class Watched:
    """A real watcher on a project, and a second folder that tells when all events of the first have been dealt with."""

    def __init__(self, folder: Path) -> None:
        self.project = make_project(folder / "churn")
        self.settled: Collector[Path] = Collector()
        self.watcher = Watcher(self.settled)
        self.watcher.watch(self.project)
        self._control = folder / "control"
        self._control.mkdir()
        self._markers = [self._control / str(number) for number in range(8)]
        for marker in self._markers:
            marker.touch()
        self._control_count = 0
        self.watcher.watch(self._control)

    def settle_count(self) -> int:
        """How often the project has settled, now that nothing is pending.

        The kernel tells events in order, and a deletion takes longest to settle: when one made now has settled in the
        other folder, all that happened before it in the project has.
        """
        self._control_count += 1
        self._markers.pop().unlink()
        self._wait_for_control(self._control_count)
        return self.settled.items.count(self.project)

    def _wait_for_control(self, count: int) -> None:
        seen = 0
        while self.settled.items.count(self._control) < count:
            seen = len(self.settled.wait_for(seen + 1))


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    watched.watcher.close()
