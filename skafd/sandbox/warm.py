"""A warm start: a command that a process runs which was forked from one that has imported everything already.

Whoever would exec the command asks such a server for a process instead, lets it into the attempt's control group before
it does anything, and attends to its output until it has ended. It is no child of ours, and all that ends with the
control group ends with it. Where anything is in doubt, the command is exec'ed as ever: a cold start.
"""

from __future__ import annotations

import array
import contextlib
import importlib.util
import json
import os
import select
import signal
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NoReturn

from skafd.errors import SandboxError

SOCKET = "steps"
_PATIENCE_SECONDS = 10.0
"""For an answer; the machine may be busy."""
_CREDENTIALS = struct.Struct("3i")
_READY, _REFUSED, _SAID, _ENDED = b"r", b"n", b"s", b"e"
_GO = b"go"
_CANNOT_ATTEND = 126


@dataclass(frozen=True, slots=True)
class WarmStart:
    """Where to ask for a process. What cannot be had there is exec'ed."""

    folder: str
    """Where the server has its socket."""
    uid: int
    """Whose it has to be, and whose its processes."""

    def to_json(self) -> dict[str, Any]:
        """The place as JSON values."""
        return {"folder": self.folder, "uid": self.uid}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> WarmStart:
        """Reads back what `to_json` gave."""
        return cls(values["folder"], values["uid"])


class NoWarmStart(Exception):
    """The command has to be exec'ed; `str()` is the reason."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a process needs to know to become the command."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    open_files: int | None
    entrances: Sequence[str]
    """Of the control group."""
    may_enter: bool
    """It has the right to enter by itself; else it is let in."""

    def encode(self) -> bytes:
        """As the server's process reads it."""
        values = {
            "command": list(self.command),
            "environment": dict(self.environment),
            "folder": self.folder,
            "open_files": self.open_files,
            "entrances": list(self.entrances) if self.may_enter else [],
        }
        content = json.dumps(values).encode()
        return struct.pack("!Q", len(content)) + content


class Borrowed:
    """A process that is to run the command: its output, and its end. Made by `borrow`."""

    def __init__(self, connection: socket.socket, pid: int, outputs: Sequence[int]) -> None:
        """Raises OSError."""
        self.outputs = outputs
        self._connection = connection
        self._text = b""
        self._process = os.pidfd_open(pid)
        self._server = os.pidfd_open(_peer(connection)[0])
        self._events = select.epoll()
        self._events.register(connection, select.EPOLLIN)
        self._events.register(self._process, select.EPOLLIN)
        self._waits_for_server = False

    @property
    def descriptors(self) -> tuple[int, ...]:
        """All that it needs."""
        return (*self.outputs, self._connection.fileno(), self._process, self._server, self._events.fileno())

    def begin(self) -> None:
        """Lets it run the command. Raises NoWarmStart where it has not begun, and never will."""
        try:
            self._connection.sendall(_GO)
            self._connection.setblocking(False)
        except OSError as error:
            self._connection.close()
            raise NoWarmStart("its fork server ended") from error

    def fileno(self) -> int:
        """Readable when it may have ended."""
        return self._events.fileno()

    def status(self) -> int | None:
        """Its wait status, once it has ended; what it said last, if the server ended before it."""
        has_ended = _is_over(self._process)
        is_alone = _is_over(self._server)
        self._read()
        said = self._said(_ENDED)
        if said is not None:
            return said
        if has_ended and not self._waits_for_server:
            self._waits_for_server = True
            self._events.unregister(self._process)
            self._events.register(self._server, select.EPOLLIN)
        if not (has_ended and is_alone):
            return None
        code = self._said(_SAID)
        return int(signal.SIGKILL) if code is None else code << 8

    def _said(self, kind: bytes) -> int | None:
        lines = self._text.split(b"\n")[:-1]
        return next((int(line[1:]) for line in lines if line[:1] == kind), None)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while piece := self._connection.recv(4096):
                self._text += piece
            # Both who could say something are gone; the ends of processes are still to be awaited.
            with contextlib.suppress(FileNotFoundError):
                self._events.unregister(self._connection)


def borrow(start: WarmStart, request: Request) -> Borrowed:
    """Asks for a process, which is in the control group then, and waits. Raises NoWarmStart."""
    pipes = [os.pipe2(os.O_CLOEXEC) for _ in range(2)]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        pid = _ask(connection, start, request, [entrance for _, entrance in pipes])
        return Borrowed(connection, pid, [reading for reading, _ in pipes])
    except (OSError, ValueError, SandboxError) as error:
        connection.close()
        for reading, _ in pipes:
            os.close(reading)
        raise NoWarmStart(_explain(error)) from error
    finally:
        for _, entrance in pipes:
            os.close(entrance)


def _ask(connection: socket.socket, start: WarmStart, request: Request, entrances: Sequence[int]) -> int:
    """The pid of a process in the control group, which waits for a word to go on."""
    connection.settimeout(_PATIENCE_SECONDS)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    _connect(connection, start.folder)
    if _peer(connection)[1] != start.uid:
        raise SandboxError("its fork server is another user's")
    content = request.encode()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", entrances))]
    # One that refuses says why and is gone, maybe before it was asked all of it.
    with contextlib.suppress(BrokenPipeError):
        sent = connection.sendmsg([content[:8]], rights)
        connection.sendall(content[sent:])
    pid = _hear(connection, start.uid)
    if not request.may_enter:
        _let_in(pid, request.entrances)
    return pid


def _connect(connection: socket.socket, folder: str) -> None:
    """Whatever the length of the folder's path: the kernel takes but a short one."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        connection.connect(f"/proc/self/fd/{descriptor}/{SOCKET}")
    finally:
        os.close(descriptor)


def _peer(connection: socket.socket) -> tuple[int, int]:
    """Process and user of the server."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(found)
    return pid, uid


def _hear(connection: socket.socket, uid: int) -> int:
    """Who answered, as the kernel says, if the answer is that it is ready. Raises SandboxError with its reason."""
    text, sent, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(_CREDENTIALS.size))
    if text[:1] == _REFUSED:
        raise SandboxError(text[1:].decode("utf-8", "replace").strip())
    if text[:1] != _READY or not sent:
        raise SandboxError("its fork server ended")
    pid, owner, _ = _CREDENTIALS.unpack(sent[0][2])
    if owner != uid:
        raise SandboxError("its fork server is another user's")
    return int(pid)


def _let_in(pid: int, entrances: Sequence[str]) -> None:
    for path in entrances:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, str(pid).encode())
        finally:
            os.close(descriptor)


def _is_over(process: int) -> bool:
    poll = select.poll()
    poll.register(process, select.POLLIN)
    return bool(poll.poll(0))


def _explain(error: Exception) -> str:
    match error:
        case SandboxError():
            return error.message
        case FileNotFoundError() | ConnectionRefusedError():
            return "its fork server was not there yet"
        case TimeoutError():
            return "its fork server did not answer in time"
        case _:
            return f"its fork server could not be asked: {error}"


def attend(borrowed: Borrowed, command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """In the place of the command: does with the output of the borrowed process what the command does, ends as it."""
    try:
        program = command.index("-S") + 1
        attendant = _load(command[program])
        path, _ = attendant.split_arguments(list(command[program + 1 :]))
        status = attendant.attend(path, attendant.secrets(dict(environment)), borrowed.outputs, borrowed)
        os._exit(attendant.end_as(status))
    except BaseException as error:
        # To the log: nobody else listens any more. The process that was borrowed is ended with this one.
        os.write(2, f"its output could not be attended to: {type(error).__name__}: {error}\n".encode())
        os._exit(_CANNOT_ATTEND)


def own_command(command: Sequence[str]) -> Sequence[str]:
    """What the command would have had executed in its turn."""
    return command[list(command).index("--") + 1 :]


def _load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("attendant", path)
    if spec is None or spec.loader is None:
        raise SandboxError(f"{path} is no program")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
