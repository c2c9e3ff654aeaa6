"""Crash points: named places in the life of a run at which a test can kill the process that comes by.

    @crash.around("exit-file.rename")            # registers exit-file.rename.before and exit-file.rename.after
    def _rename(old: str, new: str) -> None: ...

`SKAFD_CRASH_AT=exit-file.rename.after:3` kills the process with SIGKILL when it comes by for the third time. With
`SKAFD_CRASH_MARK=<path>` only one process ever dies, and the file that it leaves there says so. With
`SKAFD_CRASH_TRACE=<path>` instead nobody dies, and the file gets a line for each point that somebody comes by. Without
these variables nothing is wrapped and nothing is counted. Standard library only: supervisors load this.
"""

from __future__ import annotations

import functools
import importlib
import os
import pkgutil
import signal
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn, ParamSpec, TypeVar

VARIABLES = ("SKAFD_CRASH_AT", "SKAFD_CRASH_MARK", "SKAFD_CRASH_TRACE")
"""What a process has to pass on so that those it starts have crash points too."""

P = ParamSpec("P")
R = TypeVar("R")

_NOT_OURS_TO_RUN = ("skafd.templates.", "skafd.environments.notebook.")
"""Programs that jobs run, with libraries that we need not have."""

_points: set[str] = set()


class Armed:
    """One point at which this process is to die."""

    def __init__(self, wanted: str, mark: str | None) -> None:
        """Reads `<point>[:n]`; `mark` is the file that says that it has happened."""
        self.point, _, passings = wanted.partition(":")
        self._left = int(passings or 1)
        self._mark = mark

    def come_by(self, point: str) -> None:
        """Dies if it is the point, for the time that was asked for."""
        if point != self.point:
            return
        self._left -= 1
        if self._left == 0 and self._is_first():
            _die()

    def _is_first(self) -> bool:
        if self._mark is None:
            return True
        try:
            descriptor = os.open(self._mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            return False
        os.write(descriptor, f"{self.point} {os.getpid()}\n".encode())
        os.close(descriptor)
        return True


class Tracing:
    """Writes down which points this process comes by."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._known: set[str] = set()

    def come_by(self, point: str) -> None:
        """Notes the point, the first time."""
        if point in self._known:
            return
        self._known.add(point)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.write(descriptor, f"{point}\n".encode())
        os.close(descriptor)


def read_armed(environment: Mapping[str, str]) -> Armed | Tracing | None:
    """What the environment asks for; None when it asks for nothing."""
    if wanted := environment.get("SKAFD_CRASH_AT"):
        return Armed(wanted, environment.get("SKAFD_CRASH_MARK"))
    return Tracing(path) if (path := environment.get("SKAFD_CRASH_TRACE")) else None


_armed = read_armed(os.environ)


def around(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Puts a point before and after every call of a function; the second only when it returns."""
    register([name])

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        if _armed is None:
            return function

        @functools.wraps(function)
        def with_points(*arguments: P.args, **named: P.kwargs) -> R:
            reach(f"{name}.before")
            result = function(*arguments, **named)
            reach(f"{name}.after")
            return result

        return with_points

    return decorate


def register(names: Iterable[str]) -> None:
    """Makes points known whose names are made while running, for `reach`."""
    for name in names:
        _points.update((f"{name}.before", f"{name}.after"))


def reach(point: str) -> None:
    """Comes by a point that was registered."""
    if _armed is not None:
        _armed.come_by(point)


def points() -> tuple[str, ...]:
    """The points of every module of skafd, found by importing them all."""
    package = importlib.import_module("skafd")
    for module in pkgutil.walk_packages(package.__path__, "skafd."):
        if "__main__" not in module.name and not module.name.startswith(_NOT_OURS_TO_RUN):
            importlib.import_module(module.name)
    return tuple(sorted(_points))


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nothing runs after SIGKILL")
