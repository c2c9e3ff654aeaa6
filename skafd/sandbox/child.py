"""The child of a supervisor that becomes the job, and how the supervisor learns that exec was refused.

A fork, and the pages that are copied after it, take longer than all the rest: a child is forked ahead, and waits to be
told what it is to become.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from skafd import crash
from skafd.sandbox import small_files
from skafd.sandbox.becoming import NOTE, Reports, become_at_once, become_when_told
from skafd.sandbox.inner_status import InnerStatus
from skafd.sandbox.stage import Order, Stage

_NOT_CONFINED = "bubblewrap could not isolate it; the log has its words"


@dataclass(frozen=True, slots=True)
class Start:
    """How a command was started."""

    inner: InnerStatus | None = None
    """Where its own end is told apart from that of its process."""
    note: str = ""
    """`warm`, or `cold: ` and why; empty where nobody wanted a warm start."""


class CannotExec(Exception):
    """The command was not started; `str()` is the reason."""


class ChildGone(Exception):
    """The child was ended while it waited; another may be forked."""


class Child:
    """A child of this process that waits for its command. It ends with this process, whatever happens."""

    def __init__(self, output: int, not_for_it: Sequence[int] = ()) -> None:
        """Forks; `output` becomes its standard output and error, `not_for_it` it closes. Raises OSError."""
        order, self._order = os.pipe2(os.O_CLOEXEC)
        self._report, report = os.pipe2(os.O_CLOEXEC)
        self._inner, inner = os.pipe2(os.O_CLOEXEC)
        supervisor = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            # With ends of other processes' pipes in its hands, nobody would see that those are gone.
            for descriptor in (self._order, *not_for_it):
                os.close(descriptor)
            become_when_told(supervisor, output, order, Reports(report, inner))
        for descriptor in (order, report, inner):
            os.close(descriptor)

    @crash.around("command.start")
    def start(self, stage: Stage, command: Sequence[str]) -> Start:
        """Execs a command inside the cgroup; under strict isolation its own end is told apart from that of `pid`.

        Raises CannotExec, ChildGone or OSError.
        """
        try:
            self._tell(Order.of(stage, command))
            said = small_files.read_all(self._report)
        except BrokenPipeError as error:
            os.waitpid(self.pid, 0)
            os.close(self._inner)
            raise ChildGone from error
        finally:
            os.close(self._report)
        return _begun(self.pid, said, InnerStatus(self._inner), stage)

    def _tell(self, order: Order) -> None:
        try:
            small_files.write_all(self._order, order.encode())
        finally:
            os.close(self._order)


@crash.around("command.start")
def start_child(output: int, stage: Stage, command: Sequence[str]) -> tuple[int, Start]:
    """As a `Child` that is told its command at once, which takes less in all. Raises CannotExec or OSError."""
    report, its_report = os.pipe2(os.O_CLOEXEC)
    inner, its_inner = os.pipe2(os.O_CLOEXEC)
    # All that can be made ready is: after the fork each page that is touched has to be copied.
    reports, order, supervisor = Reports(its_report, its_inner), Order.of(stage, command), os.getpid()
    pid = os.fork()
    if pid == 0:
        become_at_once(supervisor, output, reports, order)
    for descriptor in (its_report, its_inner):
        os.close(descriptor)
    try:
        said = small_files.read_all(report)
    finally:
        os.close(report)
    return pid, _begun(pid, said, InnerStatus(inner), stage)


def _begun(pid: int, said: bytes, inner: InnerStatus, stage: Stage) -> Start:
    """How it was started; under strict isolation with what tells of its own end. Raises CannotExec for a reason."""
    note, _, reason = said.rpartition(NOTE)
    if reason or (stage.options and not inner.has_begun()):
        inner.close()
        os.waitpid(pid, 0)
        raise CannotExec(reason.decode("utf-8", "replace") or _NOT_CONFINED)
    if stage.options:
        return Start(inner)
    inner.close()
    return Start(note=note.decode("utf-8", "replace"))
