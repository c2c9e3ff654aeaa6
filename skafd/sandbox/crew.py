"""The supervisors that a launcher has forked: the one that waits, those that begin, and those that are free again.

Where many are due at once, only a few begin at a time: the others would take turns with them and with each other, and
all would begin later. A supervisor whose attempt has ended then takes the next one.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import NoReturn

from skafd import crash
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.returning import Desk, WayBack
from skafd.sandbox.spare import Spare, begin_at_once, wait_and_supervise

BEGIN_AT_ONCE = 2 * (os.cpu_count() or 1)
_BEGINS_WITHIN_SECONDS = 0.25
"""One that takes longer waits for something, such as a disk, and keeps nobody else waiting."""


class Crew:
    """For the launcher's loop: nothing here waits."""

    def __init__(self, place: CgroupPlace, let_go: Callable[[], None]) -> None:
        """A supervisor calls `let_go` first, to close what is the launcher's alone."""
        self.desk = Desk()
        self._place = place
        self._let_go = let_go
        self._standard = [os.open("/dev/null", os.O_CLOEXEC | mode) for mode in (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)]
        """Input, output and error of a supervisor; its jobs inherit the first."""
        self._spare: Spare | None = None
        self._free: list[Spare] = []
        self._beginning: dict[int, float] = {}
        """Until when each counts, on the monotonic clock."""

    @property
    def has_spare(self) -> bool:
        """One is there that was forked ahead."""
        return self._spare is not None

    @property
    def has_room(self) -> bool:
        """Another attempt may begin now."""
        return bool(self._free) or len(self._beginning) < BEGIN_AT_ONCE or self.patience_seconds() <= 0

    def patience_seconds(self) -> float:
        """How long to wait until there is room in any case."""
        return max(0.0, next(iter(self._beginning.values()), 0.0) - time.monotonic())

    def launch(self, spec: bytes) -> int:
        """Gives the attempt to a supervisor, which may have ended while it waited; returns its pid. Raises OSError."""
        pid = self._give(spec) or self._fork(lambda way_back: begin_at_once(spec, self._place, way_back))
        if len(self._beginning) >= BEGIN_AT_ONCE:
            del self._beginning[next(iter(self._beginning))]
        self._beginning[pid] = time.monotonic() + _BEGINS_WITHIN_SECONDS
        return pid

    def fork_ahead(self) -> None:
        """Forks one for the next attempt, with a child that may become the job. Raises OSError."""
        request, entrance = os.pipe2(os.O_CLOEXEC)

        def wait(way_back: WayBack) -> None:
            os.close(entrance)
            wait_and_supervise(request, self._place, way_back)

        try:
            self._spare = Spare(self._fork(wait), entrance)
        except OSError:
            os.close(entrance)
            raise
        finally:
            os.close(request)

    def hear(self) -> None:
        """Takes in what supervisors have said."""
        while (said := self.desk.hear()) is not None:
            self._beginning.pop(said.pid, None)
            if said.entrance is not None:
                self._free.append(Spare(said.pid, said.entrance))

    def forget(self, pid: int) -> None:
        """This one has ended."""
        self._beginning.pop(pid, None)

    def dismiss_free(self) -> None:
        """Lets those end that nobody waits for."""
        for spare in self._free:
            spare.let_go()
        self._free.clear()

    def dismiss(self) -> None:
        """Lets all end that have no attempt, and waits for the one that was forked ahead."""
        self.dismiss_free()
        if self._spare is not None:
            self._spare.dismiss()

    def _give(self, spec: bytes) -> int | None:
        while (spare := self._take_waiting()) is not None:
            if spare.give(spec):
                return spare.pid
        return None

    def _take_waiting(self) -> Spare | None:
        if self._free:
            return self._free.pop()
        spare, self._spare = self._spare, None
        return spare

    @crash.around("supervisor.fork")
    def _fork(self, life: Callable[[WayBack], None]) -> int:
        """A supervisor that leads this life; its pid."""
        # Until it has a pipe of its own, the supervisor's signals would go to this process.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            pid = os.fork()
            if pid == 0:
                self._become_supervisor(life)
            return pid
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def _become_supervisor(self, life: Callable[[WayBack], None]) -> NoReturn:
        status = 1
        try:
            os.setsid()
            self._let_go()
            self.dismiss_free()
            if self._spare is not None:
                self._spare.let_go()
            for number, descriptor in enumerate(self._standard):
                os.dup2(descriptor, number)
                os.close(descriptor)
            life(self.desk.way_back())
            status = 0
        finally:
            os._exit(status)
