"""Environments that turn out to be broken when a task is to start in them: made again, in the background."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from skafd.errors import EnvironmentBroken, SandboxError, SkafdError
from skafd.model.deployment import Deployment
from skafd.model.ids import DeploymentNumber, ProjectId
from skafd.threads import Threads

_REMEMBERED_SECONDS = 0.1
"""Of a thousand tasks that start at once, one looks."""

log = logging.getLogger("skafd.builds")
_Version = tuple[ProjectId, DeploymentNumber]


class Mending:
    """`check` is for the orchestrator's thread; what it begins goes on in threads of its own."""

    def __init__(self, is_whole: Callable[[str], bool], make_again: Callable[[Deployment], None]) -> None:
        """`make_again` blocks, and raises BuildError."""
        self._is_whole = is_whole
        self._make_again = make_again
        self._threads = Threads("skafd-mend")
        self._lock = threading.Lock()
        self._at_work: set[_Version] = set()
        self._failures: dict[_Version, SkafdError] = {}
        self._looked_at: dict[str, float] = {}

    def check(self, deployment: Deployment) -> None:
        """Returns where all environments of the deployment are whole.

        Raises EnvironmentBroken while one is made again, SandboxError when that has just failed.
        """
        version = (deployment.project, deployment.number)
        with self._lock:
            if version in self._at_work:
                raise _broken()
            failure = self._failures.pop(version, None)
            if all(map(self._is_there, deployment.environment_keys)):
                return
            if failure is not None:
                raise SandboxError(f"its environment is broken, and cannot be made again: {failure}", failure.hint)
            self._at_work.add(version)
        self._threads.begin(partial(self._work, version, deployment))
        raise _broken()

    def _is_there(self, key: str) -> bool:
        now = time.monotonic()
        if now - self._looked_at.get(key, -_REMEMBERED_SECONDS) < _REMEMBERED_SECONDS:
            return True
        if not self._is_whole(key):
            self._looked_at.pop(key, None)
            return False
        self._looked_at[key] = now
        return True

    def _work(self, version: _Version, deployment: Deployment) -> None:
        failure: SkafdError | None = None
        try:
            self._make_again(deployment)
        except SkafdError as error:
            failure = error
            log.error("an environment of deployment %d cannot be made again: %s", deployment.number, error)
        except Exception as error:
            failure = SandboxError(f"a fault in skafd: {error!r}")
            log.exception("making an environment of deployment %d again", deployment.number)
        with self._lock:
            self._at_work.discard(version)
            if failure is not None:
                self._failures[version] = failure


def _broken() -> EnvironmentBroken:
    return EnvironmentBroken("files of its environment are gone, and it is being made again")
