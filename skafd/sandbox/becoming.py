"""Becomes the job: everything between fork and exec. Nothing here returns to whoever called it in the supervisor."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from skafd.sandbox import in_its_place, prctl, small_files, strict, warm
from skafd.sandbox.borrowed import Borrowed
from skafd.sandbox.borrowing import borrow
from skafd.sandbox.descriptors import close_others, take_output
from skafd.sandbox.direct import execute
from skafd.sandbox.refused import explain_refusal
from skafd.sandbox.stage import Order, Stage
from skafd.sandbox.user import become

NOTE = b"\0"
"""Between what is said of a start and why there is none."""
WARM = "warm"


@dataclass(frozen=True, slots=True)
class Reports:
    """The child's ends of pipes: closed by its exec or told why there is none, and told of the end by `inside`."""

    exec: int
    status: int


def become_at_once(supervisor: int, output: int, reports: Reports, order: Order) -> NoReturn:
    """Never returns. The descriptors that are not the job's are closed by its exec."""
    try:
        _prepare(supervisor)
        take_output(output)
        _obey(supervisor, reports, order)
    finally:
        os._exit(127)


def become_when_told(supervisor: int, output: int, orders: int, reports: Reports) -> NoReturn:
    """Never returns. Without an order, which is when the supervisor has ended, it ends too."""
    try:
        _prepare(supervisor)
        take_output(output)
        close_others(keep=(orders, reports.exec, reports.status))
        if content := small_files.read_all(orders):
            _obey(supervisor, reports, Order.decode(content))
    finally:
        os._exit(127)


def _obey(supervisor: int, reports: Reports, order: Order) -> None:
    stage, command = order.stage, order.command
    try:
        borrowed = _borrow(reports, command, stage)
        for path in stage.entrances:
            small_files.set_value(path, "0")
        if stage.open_files is not None:
            _limit_open_files(stage.open_files)
        if stage.user is not None:
            become(stage.user)
            _die_with(supervisor)
        os.chdir(stage.folder)
        if stage.options:
            command = _confined(stage.options, reports, command)
        if borrowed is not None and _begins(borrowed, reports):
            in_its_place.attend(borrowed, command, stage.environment)
        execute(command, order.direct, stage.environment)
    except BaseException as error:
        reason = explain_refusal(error, command[0], stage.folder)
        os.write(reports.exec, reason.encode("utf-8", "surrogateescape")[:4096])


def _borrow(reports: Reports, command: Sequence[str], stage: Stage) -> Borrowed | None:
    """While we still have all rights: a process of the job's user may not be moved by that user."""
    if stage.warm is None:
        return None
    request = warm.Request(
        warm.own_command(command),
        stage.environment,
        stage.folder,
        stage.open_files,
        stage.entrances,
        may_enter=stage.user is None,
    )
    try:
        return borrow(stage.warm, request)
    except warm.NoWarmStart as error:
        _note(reports, f"cold: {error}")
        return None


def _begins(borrowed: Borrowed, reports: Reports) -> bool:
    try:
        borrowed.begin()
    except warm.NoWarmStart as error:
        _note(reports, f"cold: {error}")
        return False
    _note(reports, WARM)
    # Closed by no exec.
    close_others(keep=borrowed.descriptors)
    return True


def _note(reports: Reports, text: str) -> None:
    os.write(reports.exec, text.encode("utf-8", "replace")[:1000] + NOTE)


def _prepare(supervisor: int) -> None:
    # The pipe of the supervisor's own signals is not ours.
    signal.set_wakeup_fd(-1)
    _die_with(supervisor)
    os.setsid()
    # Where the supervisor is protected, its job must not be. Without privilege it may already be lower than allowed.
    try:  # noqa: SIM105 a context manager touches more pages, and each has to be copied
        prctl.set_oom_score_adjustment(0)
    except PermissionError:
        pass


def _confined(options: Sequence[str], reports: Reports, command: Sequence[str]) -> tuple[str, ...]:
    """The command in its namespaces. Who holds them together has to outlive the request to end."""
    for descriptor in (reports.exec, reports.status):
        os.set_inheritable(descriptor, True)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return tuple(strict.command(options, reports.exec, reports.status, command))


def _limit_open_files(count: int) -> None:
    """Never more than what holds already: that may not be ours to raise."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def _die_with(supervisor: int) -> None:
    prctl.die_with_parent(signal.SIGKILL)
    if os.getppid() != supervisor:
        # It ended before it could take us along.
        os._exit(127)
