"""A supervisor that is forked before there is an attempt for it, and waits for one.

What it waits for comes through a pipe, whole or not at all: the launcher may end at any instant. As long as it has no
attempt it ends with the launcher; once it has one, nothing but the attempt's end ends it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal

from skafd import crash
from skafd.sandbox import small_files
from skafd.sandbox.ahead import Ahead
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.returning import WayBack
from skafd.sandbox.signals import SignalPipe
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.supervisor import supervise

_MOST_ATTEMPTS = 64
"""Of one supervisor: whatever grows in it has an end."""


class Spare:
    """The launcher's side. A forked process must `let_go` of every spare but itself."""

    def __init__(self, pid: int, entrance: int) -> None:
        self.pid = pid
        self._entrance = entrance

    @crash.around("supervisor.give")
    def give(self, spec: bytes) -> bool:
        """Hands over the attempt's specification; False when this supervisor is gone and cannot have begun with it."""
        try:
            small_files.write_all(self._entrance, spec)
        except BrokenPipeError:
            return False
        finally:
            self.let_go()
        return True

    def let_go(self) -> None:
        """Closes the pipe: without an attempt the supervisor ends."""
        os.close(self._entrance)

    def dismiss(self) -> None:
        """Lets it end, and waits until it has."""
        self.let_go()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def wait_and_supervise(request: int, place: CgroupPlace, way_back: WayBack) -> None:
    """The supervisor's side: gets ready, waits for its attempt, and runs it."""
    # Nothing here makes cycles worth collecting, and a collection writes to pages that are shared with the launcher.
    gc.disable()
    ahead = Ahead(way_back)
    # Without it, it is forked when it is needed, and told of then.
    with contextlib.suppress(OSError):
        ahead.fork_child(request)
    _run_all(_receive(request, ahead.signals), place, ahead)


def begin_at_once(spec: bytes, place: CgroupPlace, way_back: WayBack) -> None:
    """The life of a supervisor for which there was an attempt before it was forked."""
    gc.disable()
    _run_all(AttemptSpec.from_json(json.loads(spec)), place, Ahead(way_back))


def _run_all(spec: AttemptSpec | None, place: CgroupPlace, ahead: Ahead) -> None:
    """One attempt after another, as long as some wait."""
    while spec is not None and supervise(spec, place, ahead) and len(ahead.earlier) < _MOST_ATTEMPTS:
        ahead.begin_anew(spec.directory)
        request = ahead.way_back.offer()
        spec = None if request is None else _receive(request, ahead.signals)


def _receive(request: int, signals: SignalPipe) -> AttemptSpec | None:
    """The attempt; None when there will be none."""
    try:
        return AttemptSpec.from_json(json.loads(small_files.read_all(request))) if _wait(request, signals) else None
    except ValueError:
        # The launcher ended before it had written all of it; the daemon asks another one.
        return None
    finally:
        os.close(request)


def _wait(request: int, signals: SignalPipe) -> bool:
    """Waits for the attempt; False when SIGTERM came first, and so was not meant for it."""
    poll = select.poll()
    poll.register(request, select.POLLIN)
    poll.register(signals.fileno(), select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _ in poll.poll()}
        if request in ready:
            return True
        if signal.SIGTERM in signals.read():
            return False
