"""Attends to a running command: copies its output, keeps its time, and ends it when it is to end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from skafd.sandbox import kill
from skafd.sandbox.ahead import Ahead
from skafd.sandbox.evidence import Verdict
from skafd.sandbox.inner_status import InnerStatus, guess
from skafd.sandbox.output import Output
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.stage import Stage
from skafd.sandbox.tree import ProcessTree

_DRAIN_SECONDS = 0.2
"""What processes have left that the main process leaves behind, to print their last words."""
_SHUTDOWN_SECONDS = 1.0
"""In which whoever ends all processes of the machine comes from the job to its supervisor."""
_ENDED_BY_SIGTERM = (signal.SIGTERM, (128 + signal.SIGTERM) << 8)
"""As wait statuses: of the job itself, and of a shell around it."""
_KEEPERS = 2
_TREE_CHECK_SECONDS = 0.01
_PIPE_MOST_BYTES = 2 * 2**20


@dataclass(frozen=True, slots=True)
class Stop:
    """Why the attempt has to end, decided while it ran."""

    verdict: Verdict
    reason: str
    force_at: float
    """On the monotonic clock."""


class Watch(Protocol):
    """Looks at something now and then, as long as the command runs."""

    next_at: float
    """When it wants to look, on the monotonic clock."""

    @property
    def reason(self) -> str:
        """A sentence for the verdict."""
        ...

    def is_exceeded(self, now: float) -> bool:
        """Looks when it is time; whether the attempt has to end."""
        ...


class Attendant:
    """The process in whose hands an attempt is, from its first exec to its last process."""

    def __init__(
        self, spec: AttemptSpec, tree: ProcessTree, output: Output, ahead: Ahead, watches: Sequence[Watch]
    ) -> None:
        self._spec = spec
        self._tree = tree
        self._output = output
        self._ahead = ahead
        self._watches = watches
        self._poll = select.poll()
        self._poll.register(ahead.pipe, select.POLLIN)
        self._poll.register(ahead.signals.fileno(), select.POLLIN)
        self._main_pid = 0
        self._inner: InnerStatus | None = None
        self._keepers = 0
        """Processes that strict isolation needs, which are none of the job's."""
        self._main_status: int | None = None
        self._times_out_at: float | None = None
        self.stop: Stop | None = None
        self._request: kill.CancelRequest | None = None
        self.child_peak_bytes = 0
        self.note = ""
        """How the command was started, where that is worth a word."""

    def start_clock(self) -> None:
        """Lets the timeout begin."""
        if self._spec.timeout_seconds is not None:
            self._times_out_at = time.monotonic() + self._spec.timeout_seconds

    def start(self, stage: Stage, command: Sequence[str]) -> None:
        """Execs the next command; raises CannotExec."""
        self._main_status = None
        self._main_pid, begun = self._ahead.start(stage, command)
        self._inner, self.note = begun.inner, begun.note
        if self._inner is not None:
            self._keepers += _KEEPERS
            self._poll.register(self._inner.fileno(), select.POLLIN)
            if self._inner.status() is not None:
                # It had ended by the time that its beginning was read, and the pipe has nothing more to say.
                self._hear_inside(self._inner, None)

    def wait(self) -> int:
        """Returns the wait status of the command when its main process has ended, whoever still holds its pipe."""
        while self._main_status is None:
            self._turn(self._next_deadline())
            self._keep_deadlines()
        if self._main_status in _ENDED_BY_SIGTERM:
            self._hear_shutdown()
        return self._main_status

    def end_tree(self) -> int:
        """Ends what the main process left behind; returns how many processes had to be killed."""
        if not self._tree.alive():
            return 0
        until = self.stop.force_at if self.stop else time.monotonic() + _DRAIN_SECONDS
        while self._tree.alive() and time.monotonic() < until:
            self._turn(min(until, time.monotonic() + _TREE_CHECK_SECONDS))
            until = min(until, self.stop.force_at) if self.stop else until
        killed = self._tree.kill_all()
        self._reap()
        return max(0, killed - self._keepers)

    def drain(self) -> None:
        """Copies what is left in the pipe; an escaped writer cannot keep us here."""
        copied = 0
        while copied < _PIPE_MOST_BYTES and (count := self._output.copy(self._ahead.pipe)):
            copied += count

    def ask_to_stop(self, verdict: Verdict, reason: str) -> None:
        """Begins the end: SIGTERM now, force after the grace time. A second request is force at once."""
        now = time.monotonic()
        if self.stop is None:
            self.stop = Stop(verdict, reason, now + self._spec.grace_seconds)
            self._tree.terminate()
        else:
            self.stop = Stop(self.stop.verdict, self.stop.reason, now)

    def _hear_shutdown(self) -> None:
        """Who ends everything, as a shutdown of the machine does, may come to the job before its supervisor."""
        until = time.monotonic() + _SHUTDOWN_SECONDS
        while self.stop is None and (left := until - time.monotonic()) > 0:
            if select.select([self._ahead.signals.fileno()], [], [], left)[0]:
                self._take_signals()

    def _turn(self, until: float | None) -> None:
        """Waits for output, a signal or the deadline, and deals with what came."""
        pause = None if until is None else max(0.0, until - time.monotonic()) * 1000 + 1
        for descriptor, _ in self._poll.poll(pause):
            if descriptor == self._ahead.pipe:
                self._output.copy(descriptor)
            elif self._inner is not None and descriptor == self._inner.fileno():
                self._hear_inside(self._inner, None)
            else:
                self._take_signals()

    def _take_signals(self) -> None:
        for number in self._ahead.signals.read():
            if number == signal.SIGTERM:
                request = kill.cancel_request(self._spec.directory)
                if request is None and any(map(kill.cancel_request, self._ahead.earlier)):
                    continue  # It was meant for an attempt that this process ran before, and came late.
                if request is None:
                    # Nobody asked skafd for it: so a shutdown of the machine is no cancellation, and may be retried.
                    self.ask_to_stop(Verdict.LOST, "its supervisor was told to end, as at a shutdown of the machine")
                elif request != self._request:
                    # The same one again: a daemon that came back cannot know whether the one before had told it.
                    self._request = request
                    self.ask_to_stop(Verdict.CANCELLED, request.reason)
        self._reap()

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    return
                self.child_peak_bytes = max(self.child_peak_bytes, usage.ru_maxrss * 1024)
                if pid == self._main_pid and self._main_status is None:
                    self._on_main_end(status)

    def _on_main_end(self, status: int) -> None:
        known = status if self._spec.confinement is None else guess(status)
        if self._inner is not None:
            self._hear_inside(self._inner, known)
        else:
            self._main_status = known

    def _hear_inside(self, inner: InnerStatus, otherwise: int | None) -> None:
        """Takes the job's own status if it was said, else `otherwise`. At the end of the pipe there is no more."""
        self._main_status = inner.status()
        if self._main_status is None:
            self._main_status = otherwise
        self._poll.unregister(inner.fileno())
        inner.close()
        self._inner = None

    def _next_deadline(self) -> float | None:
        deadlines = [
            self.stop.force_at if self.stop else self._times_out_at,
            *(watch.next_at for watch in self._watches),
        ]
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def _keep_deadlines(self) -> None:
        if self._main_status is not None:
            return
        now = time.monotonic()
        if self.stop is not None and now >= self.stop.force_at:
            self._tree.kill_once()
            self.stop = Stop(self.stop.verdict, self.stop.reason, now + _TREE_CHECK_SECONDS)
        elif self.stop is None and self._times_out_at is not None and now >= self._times_out_at:
            self.ask_to_stop(Verdict.TIMED_OUT, f"it ran longer than {self._spec.timeout_seconds:g} s")
        for watch in self._watches:
            if watch.is_exceeded(now) and self.stop is None:
                self.stop = Stop(Verdict.SIGNALLED, watch.reason, now)
