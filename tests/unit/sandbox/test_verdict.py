"""The verdict follows from the wait status, skafd's own doing and the kernel's counters."""

from __future__ import annotations

import pytest

from skafd.sandbox.attend import Stop
from skafd.sandbox.evidence import Verdict
from skafd.sandbox.verdict import judge

EXIT_0, EXIT_1, EXIT_137 = 0, 1 << 8, 137 << 8
SIGKILL, SIGTERM, SIGSEGV_WITH_CORE = 9, 15, 11 | 0x80


@pytest.mark.parametrize(
    ("status", "oom_kills", "verdict", "code", "signal"),
    [
        (EXIT_0, 0, Verdict.EXITED, 0, None),
        (EXIT_1, 0, Verdict.EXITED, 1, None),
        (EXIT_137, 0, Verdict.EXITED, 137, None),
        (SIGKILL, 0, Verdict.SIGNALLED, None, 9),
        (SIGTERM, 0, Verdict.SIGNALLED, None, 15),
        (SIGSEGV_WITH_CORE, 0, Verdict.SIGNALLED, None, 11),
        (SIGKILL, 1, Verdict.OOM_KILLED, None, 9),
        (EXIT_1, 1, Verdict.OOM_KILLED, 1, None),
        (EXIT_137, 2, Verdict.OOM_KILLED, 137, None),
        # It went on without the child that was killed.
        (EXIT_0, 1, Verdict.EXITED, 0, None),
        # Some other signal ended it: the kernel kills for memory with SIGKILL only.
        (SIGTERM, 1, Verdict.SIGNALLED, None, 15),
    ],
)
def test_without_our_doing(status: int, oom_kills: int, verdict: Verdict, code: int | None, signal: int | None) -> None:
    judgement = judge(status, None, oom_kills, lambda: True)
    assert (judgement.verdict, judgement.exit_code, judgement.signal) == (verdict, code, signal)


@pytest.mark.parametrize("status", [EXIT_0, EXIT_1, SIGKILL, SIGTERM])
@pytest.mark.parametrize("oom_kills", [0, 1])
@pytest.mark.parametrize("verdict", [Verdict.TIMED_OUT, Verdict.CANCELLED])
def test_what_we_ended_is_our_doing(status: int, oom_kills: int, verdict: Verdict) -> None:
    judgement = judge(status, Stop(verdict, "because", 0.0), oom_kills, lambda: True)
    assert (judgement.verdict, judgement.reason) == (verdict, "because")


def test_a_job_below_its_limit_is_not_blamed_for_the_machine() -> None:
    assert "the machine had none left" in judge(SIGKILL, None, 1, lambda: False).reason
    assert judge(SIGKILL, None, 1, lambda: True).reason == ""
