"""What a supervisor does before it knows its attempt, if it has the time: all that is the same for each."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from skafd.sandbox import prctl
from skafd.sandbox.child import Child, ChildGone, Start, start_child
from skafd.sandbox.returning import WayBack
from skafd.sandbox.signals import SignalPipe
from skafd.sandbox.stage import Stage
from skafd.sandbox.user import User


class Ahead:
    """The supervisor's signals, the pipe into which the job prints, and perhaps a child that may become the job."""

    def __init__(self, way_back: WayBack) -> None:
        """SIGTERM may be blocked, and is unblocked now that it can be heeded. Raises OSError."""
        self.way_back = way_back
        self.earlier: list[str] = []
        """The folders of attempts that this process ran before."""
        self.signals = SignalPipe()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        prctl.adopt_orphans()
        self._child: Child | None = None
        self._open_pipe()

    def begin_anew(self, ended: str) -> None:
        """Gets ready for another attempt after that in the folder `ended`. Raises OSError."""
        self.earlier.append(ended)
        # Whoever escaped with the old one must not print into the log of another attempt.
        os.close(self.pipe)
        os.close(self._pipe_entrance)
        self._open_pipe()

    def fork_child(self, not_for_it: int) -> None:
        """Forks the child, which waits until it is told what to become. Raises OSError."""
        self._child = Child(self._pipe_entrance, [not_for_it])

    def let_print(self, user: User | None) -> None:
        """Lets that user open /dev/stdout too, which is the pipe: for writing alone it is open already."""
        if user is not None:
            os.fchown(self._pipe_entrance, user.uid, user.gid)

    def start(self, stage: Stage, command: Sequence[str]) -> tuple[int, Start]:
        """Execs a command; returns its pid, and what `Child.start` does. Raises CannotExec or OSError."""
        child, self._child = self._child, None
        if child is None:
            return start_child(self._pipe_entrance, stage, command)
        try:
            return child.pid, child.start(stage, command)
        except ChildGone:
            return self.start(stage, command)

    def _open_pipe(self) -> None:
        # The writing end stays open here, so that the pipe never reports an end which would have to be handled.
        self.pipe, self._pipe_entrance = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self.pipe, False)
