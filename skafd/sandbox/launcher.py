"""The fork server: a small process that forks a supervisor for each request.

It is started by `client.Launcher` with the descriptor of its end of a socket pair, and ends when the other end does.
It holds nothing: what it has launched lives on without it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from typing import Any, NoReturn

from skafd import crash
from skafd.errors import SandboxError
from skafd.sandbox import child, frames, identity, prctl
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.signals import SignalPipe, catch_all
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.supervisor import supervise

_RECEIVE_BYTES = 256 * 1024
_OOM_SCORE_ADJUSTMENT = -900


def main() -> None:
    """Serves until end of file; arguments are the socket's descriptor and the place of the cgroups."""
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    place = _own(CgroupPlace.from_json(json.loads(sys.argv[2])))
    prctl.set_name("skafd-sandbox")
    catch_all()
    # Inherited by the supervisors, who must survive to say who did not. Only root may ask for it.
    with contextlib.suppress(PermissionError):
        child.set_oom_score_adjustment(_OOM_SCORE_ADJUSTMENT)
    launcher = _Launcher(control, place)
    # What is loaded now is never garbage: untouched by the collector, its pages stay shared with the supervisors.
    gc.freeze()
    launcher.serve()


class _Launcher:
    """The loop: a request, a fork, an answer."""

    def __init__(self, control: socket.socket, place: CgroupPlace) -> None:
        self._control = control
        self._place = place
        self._signals = SignalPipe()
        self._null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        self._reader = frames.FrameReader()

    def serve(self) -> None:
        """Returns at end of file, or on SIGTERM."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._signals.fileno(), select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._signals.fileno() in ready:
                if signal.SIGTERM in self._signals.read():
                    return
                _reap()
            if self._control.fileno() in ready and not self._serve_requests():
                return

    def _serve_requests(self) -> bool:
        try:
            data = self._control.recv(_RECEIVE_BYTES)
            for request in self._reader.feed(data):
                self._control.sendall(frames.encode(self._answer(request)))
        except (ConnectionResetError, BrokenPipeError):
            return False
        return bool(data)

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request.get("name")
        try:
            pid = self._fork(AttemptSpec.from_json(request))
        except (SandboxError, OSError, KeyError, TypeError, ValueError) as error:
            return {"name": name, "error": f"{type(error).__name__}: {error}"}
        # It is not reaped before the next turn, so it has this entry even if it ended already.
        fields = identity.stat_fields(pid)
        return {"name": name, "pid": pid, "start_time": int(fields[19]) if fields else 0}

    @crash.around("supervisor.fork")
    def _fork(self, spec: AttemptSpec) -> int:
        # Until it has a pipe of its own, the supervisor's signals would go to this process.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            pid = os.fork()
            if pid == 0:
                self._become_supervisor(spec)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        return pid

    def _become_supervisor(self, spec: AttemptSpec) -> NoReturn:
        status = 1
        try:
            os.setsid()
            self._signals.close()
            self._control.close()
            for standard in (0, 1, 2):
                os.dup2(self._null, standard)
            os.close(self._null)
            supervise(spec, self._place)
            status = 0
        finally:
            os._exit(status)


def _own(place: CgroupPlace) -> CgroupPlace:
    """The place as it is for this launcher."""
    if place.scope is None:
        return place
    return CgroupPlace(place.kind, place.scope.prepare(tuple(place.folders)))


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
