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
from collections import deque
from dataclasses import replace
from typing import Any

from skafd.no_room import is_for_want_of_room
from skafd.sandbox import descriptors, frames, identity, open_files, prctl
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.crew import Crew
from skafd.sandbox.signals import SignalPipe, catch_all

_RECEIVE_BYTES = 256 * 1024
_OOM_SCORE_ADJUSTMENT = -900
_IDLE_MILLISECONDS = 3
"""Without a request for so long, a fork is in nobody's way."""


def main() -> None:
    """Serves until end of file; arguments: the socket's descriptor, the place of the cgroups, a limit of open files."""
    control = socket.socket(fileno=int(sys.argv[1]))
    descriptors.keep_from_jobs()
    place = _own(CgroupPlace.from_json(json.loads(sys.argv[2])))
    prctl.set_name("skafd-sandbox")
    catch_all()
    # All of this is inherited by the supervisors and by their jobs.
    os.umask(0o022)
    open_files.restore_limit(int(sys.argv[3]))
    prctl.forbid_new_privileges()
    # Inherited by the supervisors, who must survive to say who did not. Only root may ask for it.
    with contextlib.suppress(PermissionError):
        prctl.set_oom_score_adjustment(_OOM_SCORE_ADJUSTMENT)
    # Known here, no supervisor has to ask.
    identity.boot_id()
    launcher = _Launcher(control, place)
    # What is loaded now is never garbage: untouched by the collector, its pages stay shared with the supervisors.
    gc.freeze()
    launcher.serve()


class _Launcher:
    """The loop: a request, a supervisor, an answer; and when nothing is to do, a supervisor for the next request."""

    def __init__(self, control: socket.socket, place: CgroupPlace) -> None:
        self._control = control
        self._signals = SignalPipe()
        self._crew = Crew(place, self._let_go)
        self._reader = frames.FrameReader()
        self._waiting: deque[bytes] = deque()
        self._wants_spare = True

    def serve(self) -> None:
        """Returns at end of file, or on SIGTERM; supervisors without an attempt are gone then."""
        poll = select.poll()
        for source in (self._control, self._signals, self._crew.desk):
            poll.register(source, select.POLLIN)
        while self._take_turn({descriptor for descriptor, _ in poll.poll(self._patience())}):
            pass
        self._crew.dismiss()

    def _patience(self) -> float | None:
        """In milliseconds."""
        if self._waiting:
            return self._crew.patience_seconds() * 1000 + 1
        return _IDLE_MILLISECONDS if self._wants_spare and not self._crew.has_spare else None

    def _take_turn(self, ready: set[int]) -> bool:
        """False at the end."""
        if not ready and not self._waiting:
            self._fork_ahead()
        if self._signals.fileno() in ready:
            if signal.SIGTERM in self._signals.read():
                return False
            self._reap()
        if self._crew.desk.fileno() in ready:
            self._crew.hear()
        if self._control.fileno() in ready and not self._receive():
            return False
        return self._hand_out()

    def _fork_ahead(self) -> None:
        try:
            self._crew.fork_ahead()
        except OSError:
            # No process or no memory for one: the next request says so, if it is still so then.
            self._wants_spare = False

    def _receive(self) -> bool:
        """What still waits when the daemon is gone has not begun: the next daemon asks for it again."""
        try:
            data = self._control.recv(_RECEIVE_BYTES)
        except ConnectionResetError:
            return False
        self._waiting.extend(self._reader.feed(data))
        return bool(data)

    def _hand_out(self) -> bool:
        try:
            while self._waiting and self._crew.has_room:
                self._control.sendall(frames.encode(json.dumps(self._answer(self._waiting.popleft())).encode()))
        except (ConnectionResetError, BrokenPipeError):
            return False
        if not self._waiting:
            self._crew.dismiss_free()
        return True

    def _answer(self, request: bytes) -> dict[str, Any]:
        first_line, _, spec = request.partition(b"\n")
        name = first_line.decode()
        try:
            pid = self._crew.launch(spec)
        except OSError as error:
            reason = f"there is no process for its supervisor: {error.strerror}"
            return {"name": name, "error": reason, "for_want_of_room": is_for_want_of_room(error)}
        self._wants_spare = True
        # It is not reaped before the next turn, so it has this entry even if it ended already.
        fields = identity.stat_fields(pid)
        return {"name": name, "pid": pid, "start_time": int(fields[19]) if fields else 0}

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                self._crew.forget(pid)

    def _let_go(self) -> None:
        """In a supervisor: what is the launcher's alone."""
        self._signals.close()
        self._control.close()


def _own(place: CgroupPlace) -> CgroupPlace:
    """The place as it is for this launcher."""
    if place.scope is None:
        return place
    return replace(place, folders=place.scope.prepare(tuple(place.folders)), scope=None)
