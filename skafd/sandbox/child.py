"""Becomes the job: everything between fork and exec, and how the supervisor learns that exec was refused."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skafd import crash
from skafd.sandbox import prctl, small_files


@dataclass(frozen=True, slots=True)
class Stage:
    """What the commands of one attempt have in common."""

    folder: str
    environment: Mapping[str, str]
    output: int
    entrance: Sequence[int]
    """Descriptors of the cgroup, to be written "0"."""


def cookie(cgroup_name: str) -> str:
    """The line of the environment by which an attempt's processes are known where there is no cgroup."""
    return f"SKAFD_SANDBOX={cgroup_name}"


class CannotExec(Exception):
    """The command was not started; `str()` is the reason."""


@crash.around("command.start")
def start(stage: Stage, command: Sequence[str]) -> int:
    """Forks and execs a command inside the cgroup; returns its pid. Raises CannotExec or OSError."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(stage, command, supervisor, writing)
    os.close(writing)
    try:
        reason = os.read(reading, 4096)
    finally:
        os.close(reading)
    if reason:
        os.waitpid(pid, 0)
        raise CannotExec(reason.decode("utf-8", "replace"))
    return pid


def _become(stage: Stage, command: Sequence[str], supervisor: int, report: int) -> None:
    """Never returns."""
    try:
        _prepare(stage, supervisor)
        os.execvpe(command[0], list(command), dict(stage.environment))
    except BaseException as error:
        reason = _explain(error, command[0], stage.folder)
        os.write(report, reason.encode("utf-8", "surrogateescape")[:4096])
    finally:
        os._exit(127)


def _prepare(stage: Stage, supervisor: int) -> None:
    # The pipe of the supervisor's own signals is not ours.
    signal.set_wakeup_fd(-1)
    prctl.die_with_parent(signal.SIGKILL)
    if os.getppid() != supervisor:
        # It ended before it could take us along.
        os._exit(127)
    for descriptor in stage.entrance:
        os.write(descriptor, b"0")
    os.setsid()
    # Where the supervisor is protected, its job must not be. Without privilege it may already be lower than allowed.
    with contextlib.suppress(PermissionError):
        set_oom_score_adjustment(0)
    _take_descriptors(stage.output)
    os.umask(0o022)
    os.chdir(stage.folder)


def _take_descriptors(output: int) -> None:
    """/dev/null to read, the pipe to write; every other descriptor is closed by exec."""
    null = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


def set_oom_score_adjustment(value: int) -> None:
    """Tells the kernel how readily to end this process when memory is short: -1000 never, 1000 first."""
    small_files.set_value("/proc/self/oom_score_adj", str(value))


def _explain(error: BaseException, program: str, folder: str) -> str:
    match error:
        case OSError(filename=name) if name == folder:
            return f"cannot enter the working folder: {error.strerror}"
        case FileNotFoundError() if os.path.exists(program):
            return f"the interpreter in the first line of {program} does not exist"
        case FileNotFoundError() | NotADirectoryError():
            return f"no such program: {program}"
        case PermissionError():
            return f"not allowed to execute: {program}"
        case OSError(strerror=str(said)):
            return f"cannot execute {program}: {said}"
        case _:
            return f"cannot execute {program}: {type(error).__name__}: {error}"
