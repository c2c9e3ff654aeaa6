"""Becomes the job: everything between fork and exec, and how the supervisor learns that exec was refused.

A fork, and the pages that are copied after it, take longer than all the rest: a child is forked ahead, and waits to be
told what it is to become.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from skafd import crash
from skafd.sandbox import prctl, small_files, strict, warm
from skafd.sandbox.inner_status import InnerStatus
from skafd.sandbox.user import User, become


@dataclass(frozen=True, slots=True)
class Stage:
    """What the commands of one attempt have in common."""

    folder: str
    environment: Mapping[str, str]
    entrances: Sequence[str]
    """Files of the cgroup, to be written "0"."""
    user: User | None = None
    """Whose rights the commands have; None for those of this process."""
    options: Sequence[str] = ()
    """Of bubblewrap, for strict isolation."""
    open_files: int | None = None
    warm: warm.WarmStart | None = None

    def to_json(self) -> dict[str, Any]:
        """The stage as JSON values."""
        return {
            "folder": self.folder,
            "environment": dict(self.environment),
            "entrances": list(self.entrances),
            "user": None if self.user is None else self.user.to_json(),
            "options": list(self.options),
            "open_files": self.open_files,
            "warm": None if self.warm is None else self.warm.to_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Stage:
        """Reads back what `to_json` gave."""
        user = None if values["user"] is None else User.from_json(values["user"])
        start = None if values["warm"] is None else warm.WarmStart.from_json(values["warm"])
        return cls(**{**values, "user": user, "warm": start})


@dataclass(frozen=True, slots=True)
class Reports:
    """The child's ends of pipes: closed by its exec or told why there is none, and told of the end by `inside`."""

    exec: int
    status: int


def cookie(cgroup_name: str) -> str:
    """The line of the environment by which an attempt's processes are known where there is no cgroup."""
    return f"SKAFD_SANDBOX={cgroup_name}"


_NOTE = b"\0"
"""Between what is said of a start and why there is none."""
WARM = "warm"
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
            _become(supervisor, output, order, Reports(report, inner))
        for descriptor in (order, report, inner):
            os.close(descriptor)

    @crash.around("command.start")
    def start(self, stage: Stage, command: Sequence[str]) -> Start:
        """Execs a command inside the cgroup; under strict isolation its own end is told apart from that of `pid`.

        Raises CannotExec, ChildGone or OSError.
        """
        try:
            self._tell(stage, command)
            said = small_files.read_all(self._report)
        except BrokenPipeError as error:
            os.waitpid(self.pid, 0)
            os.close(self._inner)
            raise ChildGone from error
        finally:
            os.close(self._report)
        return _begun(self.pid, said, InnerStatus(self._inner), stage)

    def _tell(self, stage: Stage, command: Sequence[str]) -> None:
        order = [list(command), stage.to_json()]
        try:
            small_files.write_all(self._order, json.dumps(order).encode())
        finally:
            os.close(self._order)


@crash.around("command.start")
def start_child(output: int, stage: Stage, command: Sequence[str]) -> tuple[int, Start]:
    """As a `Child` that is told its command at once, which takes less in all. Raises CannotExec or OSError."""
    report, its_report = os.pipe2(os.O_CLOEXEC)
    inner, its_inner = os.pipe2(os.O_CLOEXEC)
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become_at_once(supervisor, output, Reports(its_report, its_inner), stage, command)
    for descriptor in (its_report, its_inner):
        os.close(descriptor)
    try:
        said = small_files.read_all(report)
    finally:
        os.close(report)
    return pid, _begun(pid, said, InnerStatus(inner), stage)


def _begun(pid: int, said: bytes, inner: InnerStatus, stage: Stage) -> Start:
    """How it was started; under strict isolation with what tells of its own end. Raises CannotExec for a reason."""
    note, _, reason = said.rpartition(_NOTE)
    if reason or (stage.options and not inner.has_begun()):
        inner.close()
        os.waitpid(pid, 0)
        raise CannotExec(reason.decode("utf-8", "replace") or _NOT_CONFINED)
    if stage.options:
        return Start(inner)
    inner.close()
    return Start(note=note.decode("utf-8", "replace"))


def _become_at_once(supervisor: int, output: int, reports: Reports, stage: Stage, command: Sequence[str]) -> NoReturn:
    """Never returns. The descriptors that are not the job's are closed by its exec."""
    try:
        _prepare(supervisor)
        _take_output(output)
        _obey(supervisor, reports, list(command), stage)
    finally:
        os._exit(127)


def _become(supervisor: int, output: int, order: int, reports: Reports) -> NoReturn:
    """Never returns. Without an order, which is when the supervisor has ended, it ends too."""
    try:
        _prepare(supervisor)
        _take_output(output)
        _close_others(keep=(order, reports.exec, reports.status))
        if content := small_files.read_all(order):
            command, stage = json.loads(content)
            _obey(supervisor, reports, command, Stage.from_json(stage))
    finally:
        os._exit(127)


def _obey(supervisor: int, reports: Reports, command: list[str], stage: Stage) -> None:
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
            warm.attend(borrowed, command, stage.environment)
        os.execvpe(command[0], command, stage.environment)
    except BaseException as error:
        reason = _explain(error, command[0], stage.folder)
        os.write(reports.exec, reason.encode("utf-8", "surrogateescape")[:4096])


def _borrow(reports: Reports, command: Sequence[str], stage: Stage) -> warm.Borrowed | None:
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
        return warm.borrow(stage.warm, request)
    except warm.NoWarmStart as error:
        _note(reports, f"cold: {error}")
        return None


def _begins(borrowed: warm.Borrowed, reports: Reports) -> bool:
    try:
        borrowed.begin()
    except warm.NoWarmStart as error:
        _note(reports, f"cold: {error}")
        return False
    _note(reports, WARM)
    # Closed by no exec.
    _close_others(keep=borrowed.descriptors)
    return True


def _note(reports: Reports, text: str) -> None:
    os.write(reports.exec, text.encode("utf-8", "replace")[:1000] + _NOTE)


def _prepare(supervisor: int) -> None:
    # The pipe of the supervisor's own signals is not ours.
    signal.set_wakeup_fd(-1)
    _die_with(supervisor)
    os.setsid()
    # Where the supervisor is protected, its job must not be. Without privilege it may already be lower than allowed.
    with contextlib.suppress(PermissionError):
        set_oom_score_adjustment(0)
    prctl.forbid_new_privileges()
    os.umask(0o022)


def _confined(options: Sequence[str], reports: Reports, command: Sequence[str]) -> list[str]:
    """The command in its namespaces. Who holds them together has to outlive the request to end."""
    for descriptor in (reports.exec, reports.status):
        os.set_inheritable(descriptor, True)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return strict.command(options, reports.exec, reports.status, command)


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


def _take_output(output: int) -> None:
    """/dev/null to read, the pipe to write."""
    null = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _close_others(keep: Sequence[int]) -> None:
    """All other descriptors, whoever of those before us left them open: it may wait for long."""
    for descriptor in [int(name) for name in os.listdir("/proc/self/fd")]:
        if descriptor > 2 and descriptor not in keep:
            # The one that the list was read from is closed already.
            with contextlib.suppress(OSError):
                os.close(descriptor)


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
            return f"not allowed to execute: {program}{_closed_folder(program)}"
        case OSError(strerror=str(said)):
            return f"cannot execute {program}: {said}"
        case _:
            return f"cannot execute {program}: {type(error).__name__}: {error}"


def _closed_folder(program: str) -> str:
    """Says which folder on the way to a program keeps this user out, if one does."""
    path = os.path.realpath(program) if os.path.isabs(program) else program
    folders = [path[:end] for end in range(1, len(path)) if path[end] == "/"]
    closed = next((folder for folder in folders if not os.access(folder, os.X_OK)), None)
    return f" (user {os.geteuid()} may not enter {closed})" if closed else ""
