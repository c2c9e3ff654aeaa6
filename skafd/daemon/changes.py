"""A number that grows whenever something that a screen shows has changed, and the means to wait for it."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from skafd.model.ids import ProjectId


class Changes:
    """Shared by the threads that change things and those that show them."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._number = 0
        self._of_all = 0
        self._of_any = 0
        self._of_project: dict[ProjectId, int] = {}

    @property
    def number(self) -> int:
        """How many changes there have been."""
        return self._number

    def announce(self, projects: Iterable[ProjectId] | None = None) -> None:
        """Something changed, and is on disk: in what is written of these projects, or of any of them.

        No projects: what changed is written nowhere, such as how far a build is.
        """
        with self._condition:
            self._number += 1
            if projects is None:
                self._of_all = self._of_any = self._number
            elif concerned := dict.fromkeys(projects, self._number):
                self._of_project.update(concerned)
                self._of_any = self._number
            self._condition.notify_all()

    @property
    def written(self) -> int:
        """The number of the last change in what is written of any project."""
        return self._of_any

    def written_of(self, project: ProjectId) -> int:
        """The number of the last change in what is written of a project."""
        return max(self._of_all, self._of_project.get(project, 0))

    def wait(self, after: int, seconds: float) -> int:
        """Blocks until the number exceeds `after`, at most `seconds`; returns the number."""
        with self._condition:
            self._condition.wait_for(lambda: self._number > after, timeout=seconds)
            return self._number
