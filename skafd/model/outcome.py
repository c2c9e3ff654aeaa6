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
    """A signal ended the main process: one that skafd did not send, unless `reason` says that it did."""

    signal: int
    """0 where it is only known that it was to be ended."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OomKilled:
    """The kernel's own counter says that a process was killed for want of memory."""

    limit_bytes: int | None
    peak_bytes: int
    reason: str = ""
    """Why, where it was not for the limit of the job itself."""
    process: str = ""
    """The largest, which the kernel chose; empty where that is not known."""
    earlier_peak_bytes: int | None = None
    """The most memory that earlier attempts of the same job took; None where there were none."""

    @property
    def is_for_own_limit(self) -> bool:
        """A larger limit would have helped."""
        return self.limit_bytes is not None and not self.reason


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
    for_want_of_room: bool = False
    """The disk took nothing, or no process was left: it is tried again when there is room, whatever `retry` says."""
    for_want_of_environment: bool = False
    """Its environment had lost files: it is tried again when that has been made again, whatever `retry` says."""


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
    start: str = ""
    """Of a step of a flow: `warm`, or `cold: ` and why."""


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


def suggested_limit_bytes(outcome: OomKilled) -> int | None:
    """Half as much again as the limit and as the job ever took, in steps of 64 MiB; None where no limit would help."""
    if outcome.limit_bytes is None or not outcome.is_for_own_limit:
        return None
    step = 64 * 2**20
    wanted = max(outcome.limit_bytes, outcome.peak_bytes, outcome.earlier_peak_bytes or 0) * 3 // 2
    return -(-wanted // step) * step


def describe(outcome: Outcome) -> str:
    """One short sentence for a person."""
    match outcome:
        case Exited(code=code):
            return f"exit code {code}"
        case Signalled(signal=number, reason=""):
            return f"killed by {_signal_name(number)}, which skafd did not send"
        case Signalled(reason=reason):
            return reason
        case OomKilled():
            return _describe_out_of_memory(outcome)
        case TimedOut(after_seconds=seconds):
            return f"timed out after {format_duration(seconds)}"
        case Cancelled(reason=reason):
            return f"cancelled: {reason}"
        case NotStarted(reason=reason):
            return f"could not start: {reason}"
        case Lost(cause=cause):
            return f"lost: {cause}"


def _describe_out_of_memory(outcome: OomKilled) -> str:
    peak = f"peak {format_memory(outcome.peak_bytes)}"
    limit = "no limit" if outcome.limit_bytes is None else f"limit {format_memory(outcome.limit_bytes)}"
    suggestion = suggested_limit_bytes(outcome)
    if outcome.process:
        peak += f", of which the most by {outcome.process}"
    if suggestion is not None:
        return f"out of memory: {limit}, {peak}{_history(outcome)}; try memory: {format_memory(suggestion)}"
    return f"out of memory: {outcome.reason or 'that of the machine'} ({limit}, {peak})"


def _history(outcome: OomKilled) -> str:
    """Only where it says more than this attempt does."""
    earlier = outcome.earlier_peak_bytes or 0
    return f"; earlier attempts took up to {format_memory(earlier)}" if earlier > outcome.peak_bytes else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
