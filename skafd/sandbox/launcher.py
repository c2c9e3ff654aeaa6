"""The fork server: a small process that has a supervisor for each request, forked ahead where there was time.

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
from collections.abc import Callable
from typing import Any, NoReturn

from skafd import crash
from skafd.sandbox import child, frames, identity, prctl
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.signals import SignalPipe, catch_all
from skafd.sandbox.spare import Spare, begin_at_once, wait_and_supervise

_RECEIVE_BYTES = 256 * 1024
_OOM_SCORE_ADJUSTMENT = -900
_SPARES = 1
_STANDARD_ERROR = 2
_IDLE_MILLISECONDS = 3
"""Without a request for so long, a fork is in nobody's way."""


def main() -> None:
    """Serves until end of file; arguments are the socket's descriptor and the place of the cgroups."""
    control = socket.socket(fileno=int(sys.argv[1]))
    _keep_descriptors_from_jobs()
    place = _own(CgroupPlace.from_json(json.loads(sys.argv[2])))
    prctl.set_name("skafd-sandbox")
    catch_all()
    os.umask(0o022)
    # Inherited by the supervisors, who must survive to say who did not. Only root may ask for it.
    with contextlib.suppress(PermissionError):
        child.set_oom_score_adjustment(_OOM_SCORE_ADJUSTMENT)
    launcher = _Launcher(control, place)
    # What is loaded now is never garbage: untouched by the collector, its pages stay shared with the supervisors.
    gc.freeze()
    launcher.serve()


class _Launcher:
    """The loop: a request, a supervisor, an answer; and when nothing is to do, a supervisor for the next request."""

    def __init__(self, control: socket.socket, place: CgroupPlace) -> None:
        self._control = control
        self._place = place
        self._signals = SignalPipe()
        self._null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        self._reader = frames.FrameReader()
        self._spares: list[Spare] = []
        self._wants_spares = True

    def serve(self) -> None:
        """Returns at end of file, or on SIGTERM; spare supervisors are gone then."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._signals.fileno(), select.POLLIN)
        while self._take_turn({descriptor for descriptor, _ in poll.poll(self._patience())}):
            pass
        for spare in self._spares:
            spare.dismiss()

    def _patience(self) -> int | None:
        lacks_spares = self._wants_spares and len(self._spares) < _SPARES
        return _IDLE_MILLISECONDS if lacks_spares else None

    def _take_turn(self, ready: set[int]) -> bool:
        """False at the end."""
        if not ready:
            self._fork_ahead()
        if self._signals.fileno() in ready:
            if signal.SIGTERM in self._signals.read():
                return False
            _reap()
        return self._control.fileno() not in ready or self._serve_requests()

    def _fork_ahead(self) -> None:
        try:
            self._spares.append(self._fork_spare())
        except OSError:
            # No process or no memory for one: the next request says so, if it is still so then.
            self._wants_spares = False

    def _serve_requests(self) -> bool:
        try:
            data = self._control.recv(_RECEIVE_BYTES)
            for request in self._reader.feed(data):
                self._control.sendall(frames.encode(json.dumps(self._answer(request)).encode()))
        except (ConnectionResetError, BrokenPipeError):
            return False
        return bool(data)

    def _answer(self, request: bytes) -> dict[str, Any]:
        first_line, _, spec = request.partition(b"\n")
        name = first_line.decode()
        try:
            pid = self._launch(spec)
        except OSError as error:
            return {"name": name, "error": f"{type(error).__name__}: {error}"}
        self._wants_spares = True
        # It is not reaped before the next turn, so it has this entry even if it ended already.
        fields = identity.stat_fields(pid)
        return {"name": name, "pid": pid, "start_time": int(fields[19]) if fields else 0}

    def _launch(self, spec: bytes) -> int:
        """Gives the attempt to a supervisor, which may have ended while it waited; returns its pid."""
        while self._spares:
            spare = self._spares.pop(0)
            if spare.give(spec):
                return spare.pid
        return self._fork(lambda: begin_at_once(spec, self._place))

    def _fork_spare(self) -> Spare:
        request, entrance = os.pipe2(os.O_CLOEXEC)
        new = Spare(entrance)

        def wait() -> None:
            new.let_go()
            wait_and_supervise(request, self._place)

        try:
            new.pid = self._fork(wait)
        except OSError:
            os.close(entrance)
            raise
        finally:
            os.close(request)
        return new

    @crash.around("supervisor.fork")
    def _fork(self, life: Callable[[], None]) -> int:
        """A supervisor that leads this life; its pid."""
        # Until it has a pipe of its own, the supervisor's signals would go to this process.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            pid = os.fork()
            if pid == 0:
                self._become_supervisor(life)
            return pid
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def _become_supervisor(self, life: Callable[[], None]) -> NoReturn:
        status = 1
        try:
            os.setsid()
            self._signals.close()
            self._control.close()
            for spare in self._spares:
                spare.let_go()
            for standard in (0, 1, 2):
                os.dup2(self._null, standard)
            os.close(self._null)
            life()
            status = 0
        finally:
            os._exit(status)


def _keep_descriptors_from_jobs() -> None:
    """Whoever left them open before us; what is opened from here on is closed at an exec anyway."""
    for name in os.listdir("/proc/self/fd"):
        # The one that the list was read from is closed already.
        with contextlib.suppress(OSError):
            os.set_inheritable(int(name), int(name) <= _STANDARD_ERROR)


def _own(place: CgroupPlace) -> CgroupPlace:
    """The place as it is for this launcher."""
    if place.scope is None:
        return place
    return CgroupPlace(place.kind, place.scope.prepare(tuple(place.folders)))


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
