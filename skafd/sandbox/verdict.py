"""Decides how an attempt ended, from what its supervisor saw."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

from skafd.sandbox.attend import Stop
from skafd.sandbox.evidence import Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, with what is true of it."""

    verdict: Verdict
    exit_code: int | None = None
    signal: int | None = None
    reason: str = ""


def judge(status: int, stop: Stop | None, oom_kills: int, met_memory_limit: Callable[[], bool]) -> Judgement:
    """The judgement on the last command: its wait status, skafd's own doing, and the kernel's counters."""
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    if stop is not None:
        return Judgement(stop.verdict, code, number, stop.reason)
    if oom_kills > 0 and (number == signal.SIGKILL or code):
        return Judgement(Verdict.OOM_KILLED, code, number, _blame(met_memory_limit()))
    if number is not None:
        return Judgement(Verdict.SIGNALLED, None, number)
    return Judgement(Verdict.EXITED, code)


def _blame(met_memory_limit: bool) -> str:
    if met_memory_limit:
        return ""
    return "the machine had none left; this job had not reached a limit of its own"
