"""How an attempt ended: one small type per way, each with the evidence that is true of it and no other."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from skafd.model.states import TaskState
from skafd.units import format_duration, format_memory


@dataclass(frozen=True, slots=True)
class Exited:
    """The main process ended by itself."""

    code: int


@dataclass(frozen=True, slots=True)
class Signalled:
    """A signal that skafd did not send ended the main process."""

    signal: int


@dataclass(frozen=True, slots=True)
class OomKilled:
    """The kernel's own counter says that the limit was hit and a process was killed for it."""

    limit_bytes: int
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class TimedOut:
    """skafd ended it after its `timeout`."""

    after_seconds: float


@dataclass(frozen=True, slots=True)
class Cancelled:
    """skafd ended it because somebody asked."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotStarted:
    """No process of it ever ran: the entrypoint, the folder or the cgroup said no."""

    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """It is gone and left no record of its end."""

    cause: str


Outcome = Exited | Signalled | OomKilled | TimedOut | Cancelled | NotStarted | Lost


@dataclass(frozen=True, slots=True)
class Usage:
    """What an attempt used, read from its cgroup after the last process ended."""

    peak_memory_bytes: int | None = None
    cpu_seconds: float | None = None


def state_of(outcome: Outcome) -> TaskState:
    """The terminal state that an outcome leads to."""
    match outcome:
        case Exited(code=0):
            return TaskState.SUCCEEDED
        case OomKilled():
            return TaskState.OOM_KILLED
        case TimedOut():
            return TaskState.TIMED_OUT
        case Cancelled():
            return TaskState.CANCELLED
        case Lost():
            return TaskState.LOST
        case Exited() | Signalled() | NotStarted():
            return TaskState.FAILED


def suggested_limit_bytes(outcome: OomKilled) -> int:
    """Half as much again as the larger of limit and peak, rounded up to 64 MiB."""
    step = 64 * 2**20
    wanted = max(outcome.limit_bytes, outcome.peak_bytes) * 3 // 2
    return -(-wanted // step) * step


def describe(outcome: Outcome) -> str:
    """One short sentence for a person."""
    match outcome:
        case Exited(code=code):
            return f"exit code {code}"
        case Signalled(signal=number):
            return f"killed by {_signal_name(number)}, which skafd did not send"
        case OomKilled(limit_bytes=limit, peak_bytes=peak):
            suggestion = format_memory(suggested_limit_bytes(outcome))
            return f"out of memory: limit {format_memory(limit)}, peak {format_memory(peak)}; try memory: {suggestion}"
        case TimedOut(after_seconds=seconds):
            return f"timed out after {format_duration(seconds)}"
        case Cancelled(reason=reason):
            return f"cancelled: {reason}"
        case NotStarted(reason=reason):
            return f"could not start: {reason}"
        case Lost(cause=cause):
            return f"lost: {cause}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
