"""Asks for the end of an attempt: a file with the reason, and a signal to its supervisor."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from skafd import crash
from skafd.sandbox import identity, small_files

FILE_NAME = "cancel"


def request_cancel(directory: str, reason: str) -> None:
    """Leaves the wish to end an attempt in its folder: a supervisor that begins later never execs."""
    temporary = f"{directory}/.{FILE_NAME}"
    small_files.write(temporary, reason.encode())
    _appear(temporary, f"{directory}/{FILE_NAME}")


@crash.around("cancel-file.rename")
def _appear(temporary: str, path: str) -> None:
    os.rename(temporary, path)


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """One wish to end an attempt; that of another time is another one, though the reason be the same."""

    reason: str
    serial: tuple[int, int]


def cancel_request(directory: str) -> CancelRequest | None:
    """The newest wish to end the attempt; None when nobody asked."""
    path = f"{directory}/{FILE_NAME}"
    try:
        reason, status = small_files.read(path).decode("utf-8", "replace").strip(), os.stat(path)
    except FileNotFoundError:
        return None
    return CancelRequest(reason, (status.st_ino, status.st_mtime_ns))


def cancel_reason(directory: str) -> str | None:
    """Why the attempt is to end; None when nobody asked."""
    request = cancel_request(directory)
    return None if request is None else request.reason


def ask_to_stop(supervisor_pid: int, start_time: int) -> bool:
    """Sends SIGTERM to a supervisor, after a second request to end the attempt at once; False when it is gone."""
    descriptor = open_process(supervisor_pid, start_time)
    if descriptor is None:
        return False
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGTERM)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def open_process(pid: int, start_time: int) -> int | None:
    """A pidfd of exactly that process: readable when it has ended. None when it is gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    if identity.start_time(pid) == start_time:
        return descriptor
    os.close(descriptor)
    return None
