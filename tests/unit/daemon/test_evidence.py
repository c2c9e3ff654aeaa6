"""From what a supervisor wrote down to the outcome: nothing is claimed that the evidence does not say."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from skafd.daemon.evidence import outcome_of, output_of, usage_of
from skafd.daemon.surroundings import OUTPUT
from skafd.model.outcome import Cancelled, Exited, Lost, NotStarted, OomKilled, Outcome, Signalled, TimedOut, Usage
from skafd.sandbox.evidence import Evidence, Verdict
from skafd.sandbox.spec import ResourceLimits

LIMITS = ResourceLimits(memory_bytes=64 * 2**20)


@pytest.mark.parametrize(
    ("evidence", "outcome"),
    [
        (Evidence(Verdict.EXITED, exit_code=0), Exited(0)),
        (Evidence(Verdict.EXITED, exit_code=3), Exited(3)),
        (Evidence(Verdict.SIGNALLED, signal=9), Signalled(9)),
        (Evidence(Verdict.SIGNALLED, signal=9, reason="by the memory watch"), Signalled(9, "by the memory watch")),
        (Evidence(Verdict.OOM_KILLED, limits=LIMITS, peak_memory_bytes=2**20), OomKilled(64 * 2**20, 2**20)),
        (Evidence(Verdict.OOM_KILLED, limits=LIMITS), OomKilled(64 * 2**20, 64 * 2**20)),
        (Evidence(Verdict.OOM_KILLED, peak_memory_bytes=7), OomKilled(None, 7)),
        (Evidence(Verdict.OOM_KILLED, limits=LIMITS, peak_memory_bytes=7, reason="x"), OomKilled(64 * 2**20, 7, "x")),
        (Evidence(Verdict.TIMED_OUT, started_at=10.0, ended_at=12.5), TimedOut(2.5)),
        (Evidence(Verdict.TIMED_OUT, ended_at=12.5), TimedOut(0.0)),
        (Evidence(Verdict.CANCELLED, reason="skafd kill churn"), Cancelled("skafd kill churn")),
        (Evidence(Verdict.CANCELLED), Cancelled("by request")),
        (Evidence(Verdict.NOT_STARTED, reason="no such file"), NotStarted("no such file")),
        (Evidence(Verdict.NOT_STARTED), NotStarted("no reason was recorded")),
        (Evidence(Verdict.LOST, reason="its supervisor failed"), Lost("its supervisor failed")),
    ],
)
def test_every_verdict_is_an_outcome(evidence: Evidence, outcome: Outcome) -> None:
    assert outcome_of(evidence) == outcome


def test_no_verdict_was_forgotten() -> None:
    assert {type(outcome_of(Evidence(verdict))) for verdict in Verdict} == set(Outcome.__args__)


def test_what_was_used_is_what_the_kernel_says() -> None:
    assert usage_of(Evidence(Verdict.EXITED, peak_memory_bytes=7, cpu_seconds=1.5)) == Usage(7, 1.5)
    assert usage_of(Evidence(Verdict.LOST)) == Usage(None, None)


def test_what_was_published_and_cannot_be_read_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container as root may have written it: neither the job's end nor the daemon waits for that."""
    (tmp_path / OUTPUT).write_text("[1]")
    assert output_of(tmp_path) == "[1]"
    assert output_of(tmp_path / OUTPUT) is None
    monkeypatch.setattr(os, "open", refuse(errno.EACCES))
    assert output_of(tmp_path) is None
    monkeypatch.setattr(os, "open", refuse(errno.EMFILE))
    with pytest.raises(OSError, match="open files"):
        output_of(tmp_path)


def refuse(number: int) -> Callable[..., int]:
    def open_nothing(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return open_nothing
