"""Datagrams by which supervisors tell the daemon that an attempt began and how it ended.

Nothing depends on their arrival: a daemon that was away reads `claim` and `exit.json`.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from skafd.errors import SandboxError
from skafd.sandbox.evidence import Evidence

_LONGEST_ADDRESS_BYTES = 107
_LARGEST_DATAGRAM_BYTES = 128 * 1024


class NotificationKind(StrEnum):
    """What a supervisor has to say."""

    STARTED = "started"
    """The first command was exec'ed."""
    ENDED = "ended"
    """The tree is gone, and `exit.json` is written."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One datagram."""

    kind: NotificationKind
    attempt: str
    """The spec's `name`."""
    directory: str
    pid: int
    """The supervisor."""
    evidence: Evidence | None = None
    """With ENDED: what `exit.json` says."""


class NotificationSocket:
    """The daemon's end: a datagram socket in the state folder, for this user alone."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        # One for all: such a large piece of memory is costly to get.
        self._buffer = bytearray(_LARGEST_DATAGRAM_BYTES)
        if os.path.exists(path):
            os.unlink(path)
        before = os.umask(0o177)
        try:
            _with_address(path, self._socket.bind)
        finally:
            os.umask(before)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def receive(self) -> list[Notification]:
        """Everything that has arrived, without waiting. What no supervisor sends is passed over."""
        received: list[Notification] = []
        while True:
            try:
                length = self._socket.recv_into(self._buffer)
            except BlockingIOError:
                return received
            with contextlib.suppress(SandboxError):
                received.append(decode(self._buffer[:length]))

    def close(self) -> None:
        """Closes and removes the socket."""
        self._socket.close()
        if os.path.exists(self._path):
            os.unlink(self._path)


def send(path: str, notification: Notification, within_seconds: float) -> bool:
    """Tells the daemon; False when nobody listens or nobody reads within that time."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.settimeout(within_seconds)
        try:
            _with_address(path, sender.connect)
            sender.send(encode(notification))
        except OSError:
            return False
    return True


def encode(notification: Notification) -> bytes:
    """The notification as a datagram."""
    evidence = notification.evidence
    values = {
        "kind": notification.kind.value,
        "attempt": notification.attempt,
        "directory": notification.directory,
        "pid": notification.pid,
        "evidence": None if evidence is None else evidence.to_json(),
    }
    return json.dumps(values).encode()


def decode(datagram: bytes | bytearray) -> Notification:
    """Reads a datagram; raises SandboxError when it is something else."""
    try:
        values = json.loads(datagram)
        evidence = values["evidence"]
        return Notification(
            NotificationKind(values["kind"]),
            str(values["attempt"]),
            str(values["directory"]),
            int(values["pid"]),
            None if evidence is None else Evidence.from_json(evidence),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SandboxError(f"a notification could not be understood: {error}") from error


def _with_address(path: str, use: Callable[[str], object]) -> None:
    """Calls `use` with an address of the socket that fits: the kernel takes 107 bytes, folders can be deep."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS_BYTES:
        use(path)
        return
    folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        use(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
    finally:
        os.close(folder)
