"""What becomes of an attempt that has ended: which are tried again, when, and with how much memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from skafd.model.decisions import Transition
from skafd.model.outcome import NotStarted, OomKilled, Outcome, state_of
from skafd.model.project import Job, Retry
from skafd.model.states import TaskState

_SLACK = timedelta(milliseconds=1)
_LONGEST_AWAITED_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Before:
    """What a task had when its attempt ended: attempts that `retry` does not count, and memory that had grown."""

    excused: int
    memory_bytes: int | None


def check_end(job: Job, move: Transition, now: datetime, before: Before, all_bytes: int, may_go_on: bool) -> None:
    """An attempt has ended: it is tried again exactly if its job says so, and as it says."""
    outcome = move.outcome
    assert outcome is not None
    is_awaited = isinstance(outcome, NotStarted) and outcome.for_want_of_room and may_go_on
    grown = _grown(job, outcome, before.memory_bytes, all_bytes)
    tries = move.attempt - before.excused
    is_retried = may_go_on and not is_awaited and _is_retried(job.retry, tries, outcome, grown)
    assert move.excused == before.excused + is_awaited
    assert (move.new is TaskState.WAITING) == (is_awaited or is_retried), f"{move} of {job.retry}"
    if is_retried:
        assert move.memory_bytes == grown
    if move.not_before is None:
        return
    earliest, latest = (_awaited(before.excused),) * 2 if is_awaited else _span(job.retry, tries)
    assert earliest - _SLACK <= move.not_before - now <= latest + _SLACK, f"{move} waits for {move.not_before - now}"


def check_wait(not_before: datetime | None, now: datetime) -> None:
    """A task is queued again when its delay is over, and not before."""
    assert not_before is None or now >= not_before, "a retry came too early"


def _is_retried(retry: Retry, tries: int, outcome: Outcome, grown: int | None) -> bool:
    wants_more = isinstance(outcome, OomKilled) and outcome.is_for_own_limit and retry.memory_factor > 1
    return state_of(outcome) in retry.outcomes and tries <= retry.times and not (wants_more and grown is None)


def _grown(job: Job, outcome: Outcome, had_bytes: int | None, all_bytes: int) -> int | None:
    """The memory of the next attempt where it grows."""
    if not isinstance(outcome, OomKilled) or not outcome.is_for_own_limit or job.retry.memory_factor <= 1:
        return None
    had = had_bytes or job.resources.limits.memory_bytes or outcome.limit_bytes or 0
    grown = min(int(had * job.retry.memory_factor), all_bytes)
    return grown if grown > had else None


def _awaited(excused: int) -> timedelta:
    return timedelta(seconds=min(2.0 * 2**excused, _LONGEST_AWAITED_SECONDS))


def _span(retry: Retry, tries: int) -> tuple[timedelta, timedelta]:
    """The shortest and the longest wait."""
    seconds = retry.delay_seconds * retry.backoff ** (tries - 1)
    return timedelta(seconds=seconds), timedelta(seconds=seconds + retry.jitter_seconds)
