"""The launcher in the orchestrator's selector: asked for supervisors, and started again when it ends."""

from __future__ import annotations

import selectors
import time
from collections.abc import Iterator

from skafd.errors import SandboxError
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.client import Launched, Launcher, LauncherGone, LaunchFailed
from skafd.sandbox.spec import AttemptSpec

_SHORTEST_LIFE_SECONDS = 1.0
"""One that ends sooner is not started again at once: it would only end again."""


class ForkServer:
    """Owned by the orchestrator's thread. It is the selector's data of its own descriptor."""

    def __init__(self, place: CgroupPlace, selector: selectors.BaseSelector) -> None:
        self._selector = selector
        self._launcher = Launcher(place)
        self._is_there = False
        self._welcome()

    @property
    def pid(self) -> int:
        """The launcher's process."""
        return self._launcher.pid

    @property
    def waiting(self) -> int:
        """How many attempts have no supervisor yet."""
        return self._launcher.waiting

    def is_asked(self, name: str) -> bool:
        """Whether a supervisor of this attempt was asked for and is not there yet."""
        return self._launcher.is_asked(name)

    def launch(self, spec: AttemptSpec) -> None:
        """Asks for a supervisor; `hear` has the answer later."""
        self._launcher.launch(spec)
        self._await()

    def hear(self) -> Iterator[Launched | LaunchFailed | LauncherGone]:
        """What the launcher has said; after LauncherGone another one is there.

        Raises SandboxError when one ends as soon as it was started, OSError when none can be started.
        """
        self._launcher.flush()
        self._await()
        for message in self._launcher.receive():
            if isinstance(message, LauncherGone):
                self._dismiss()
                if time.monotonic() - self._since < _SHORTEST_LIFE_SECONDS:
                    raise SandboxError("the launcher ended as soon as it was started")
                self.recover()
            yield message

    def recover(self) -> None:
        """Starts a launcher if there is none. Raises OSError."""
        if not self._is_there:
            self._launcher.restart()
            self._welcome()

    def close(self) -> None:
        """Ends the launcher; what it launched goes on."""
        self._dismiss()
        self._launcher.close()

    def _welcome(self) -> None:
        self._selector.register(self._launcher, selectors.EVENT_READ, self)
        self._is_there = True
        self._since = time.monotonic()

    def _dismiss(self) -> None:
        if self._is_there:
            self._selector.unregister(self._launcher)
            self._is_there = False

    def _await(self) -> None:
        """Waits for room in the launcher's socket too, as long as requests are left over."""
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._launcher.wants_write else 0)
        if self._selector.get_key(self._launcher).events != wanted:
            self._selector.modify(self._launcher, wanted, self)
