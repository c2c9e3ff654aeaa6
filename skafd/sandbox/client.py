"""The daemon's side of the launcher."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import skafd
from skafd import crash
from skafd.sandbox import frames, open_files
from skafd.sandbox.cgroup import scope
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.spec import AttemptSpec

_RECEIVE_BYTES = 64 * 1024
_ENDS_WITHIN_SECONDS = 5.0
# Appended, so that nothing that is installed beside skafd hides a module of the standard library.
_PROGRAM = "import sys; sys.path.append(sys.argv.pop()); from skafd.sandbox.launcher import main; main()"


@dataclass(frozen=True, slots=True)
class Launched:
    """A supervisor was forked; `kill.open_process(pid, start_time)` watches over it."""

    name: str
    pid: int
    start_time: int


@dataclass(frozen=True, slots=True)
class LaunchFailed:
    """No supervisor was forked; nothing of the attempt exists."""

    name: str
    reason: str
    for_want_of_room: bool
    """Nothing is wrong with the attempt: the machine has no process for it now."""


@dataclass(frozen=True, slots=True)
class LauncherGone:
    """The launcher ended. Whether the unanswered attempts began, their folders say."""

    unanswered: tuple[str, ...]


LauncherEvent = Launched | LaunchFailed | LauncherGone


class Launcher:
    """A running launcher. For a selector loop: nothing here waits, but `close` and `restart`."""

    def __init__(self, place: CgroupPlace) -> None:
        self._place = place
        self._start()

    def fileno(self) -> int:
        """The descriptor to wait on for reading, and while `wants_write` for writing; another after `restart`."""
        return self._socket.fileno()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def wants_write(self) -> bool:
        """Requests are waiting for `flush`."""
        return bool(self._unsent)

    @property
    def waiting(self) -> int:
        """How many requests were not answered yet."""
        return len(self._unanswered)

    def is_asked(self, name: str) -> bool:
        """Whether the request for this attempt was not answered yet."""
        return name in self._unanswered

    @crash.around("launch.send")
    def launch(self, spec: AttemptSpec) -> None:
        """Asks for a supervisor; `receive` has the answer later."""
        self._unanswered[spec.name] = None
        self._unsent += frames.encode(f"{spec.name}\n".encode() + spec.encode())
        self.flush()

    def flush(self) -> None:
        """Sends as much as the socket takes."""
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError):
            # `receive` finds the end of file and names the unanswered.
            self._unsent.clear()

    def receive(self) -> list[LauncherEvent]:
        """What the launcher has said, without waiting. After LauncherGone there is only `restart` or `close`."""
        events: list[LauncherEvent] = []
        while True:
            try:
                data = self._socket.recv(_RECEIVE_BYTES)
            except BlockingIOError:
                return events
            except ConnectionResetError:
                data = b""
            if not data:
                return [*events, LauncherGone(tuple(self._unanswered))]
            events += [self._event(json.loads(answer)) for answer in self._reader.feed(data)]

    def restart(self) -> None:
        """Starts a new launcher in place of one that is gone."""
        self.close()
        self._start()

    def close(self) -> None:
        """Ends the launcher; what it launched goes on."""
        self._socket.close()
        try:
            self._process.wait(_ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        self._unsent = bytearray()
        self._unanswered: dict[str, None] = {}
        self._reader = frames.FrameReader()
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        with theirs:
            self._process = _start_process(theirs.fileno(), self._place)

    def _event(self, answer: dict[str, Any]) -> LauncherEvent:
        name = answer["name"]
        self._unanswered.pop(name, None)
        if "error" in answer:
            return LaunchFailed(name, answer["error"], answer["for_want_of_room"])
        return Launched(name, answer["pid"], answer["start_time"])


def _start_process(control: int, place: CgroupPlace) -> subprocess.Popen[bytes]:
    root = str(Path(skafd.__file__).parent.parent)
    arguments = [str(control), json.dumps(place.to_json()), str(open_files.GIVEN), root]
    # Nothing of the daemon's environment: supervisors show theirs in /proc.
    kept = ("PATH", "LD_LIBRARY_PATH", *crash.VARIABLES)
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    command = [sys.executable, "-I", "-S", "-c", _PROGRAM, *arguments]
    if place.scope is not None:
        command = place.scope.command(command)
        environment |= scope.variables()
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        pass_fds=(control,),
        env=environment,
        cwd="/",
        start_new_session=True,
    )
