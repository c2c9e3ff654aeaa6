"""Asks a fork server for a process, and lets it into the attempt's control group before it does anything."""

from __future__ import annotations

import array
import contextlib
import os
import socket
from collections.abc import Sequence

from skafd.errors import SandboxError
from skafd.sandbox.borrowed import CREDENTIALS, Borrowed, peer_of
from skafd.sandbox.warm import NoWarmStart, Request, WarmStart

SOCKET = "steps"
"""In the server's folder."""
_PATIENCE_SECONDS = 10.0
"""For an answer; the machine may be busy."""
_READY, _REFUSED = b"r", b"n"


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
    if peer_of(connection)[1] != start.uid:
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


def _hear(connection: socket.socket, uid: int) -> int:
    """Who answered, as the kernel says, if the answer is that it is ready. Raises SandboxError with its reason."""
    text, sent, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(CREDENTIALS.size))
    if text[:1] == _REFUSED:
        raise SandboxError(text[1:].decode("utf-8", "replace").strip())
    if text[:1] != _READY or not sent:
        raise SandboxError("its fork server ended")
    pid, owner, _ = CREDENTIALS.unpack(sent[0][2])
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
