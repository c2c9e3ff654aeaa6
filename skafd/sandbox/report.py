"""Makes the end of an attempt known: on disk, and to the daemon if there is one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from skafd import crash
from skafd.sandbox import evidence, notify
from skafd.sandbox.evidence import Evidence
from skafd.sandbox.notify import Notification, NotificationKind
from skafd.sandbox.spec import AttemptSpec

_STARTED_WITHIN_SECONDS = 1.0
_ENDED_WITHIN_SECONDS = 5.0
_RECORD_WITHIN_SECONDS = 600.0
_PAUSE_SECONDS = 1.0


@crash.around("start.tell")
def tell_started(spec: AttemptSpec) -> None:
    """Tells the daemon that the first command was exec'ed."""
    _tell(spec, NotificationKind.STARTED, None, _STARTED_WITHIN_SECONDS)


@crash.around("end.tell")
def tell_ended(spec: AttemptSpec, found: Evidence) -> bool:
    """Tells the daemon how the attempt ended; False when it was not to be reached."""
    return _tell(spec, NotificationKind.ENDED, found, _ENDED_WITHIN_SECONDS)


def record_and_tell(spec: AttemptSpec, found: Evidence) -> bool:
    """Writes `exit.json`, then tells the daemon; where the disk refuses, tells first and keeps trying.

    False when the end is not on the disk, for which it had to be given up, or when the daemon could not be told: it
    then learns of it by the end of this process.

    The daemon commits what it is told before it acts on it. So the name of the file is synced while it is at work:
    whoever loses power in between finds the end in the database, or finds that nothing followed from it yet.
    """
    deadline = time.monotonic() + _RECORD_WITHIN_SECONDS
    _sync_output(spec)
    recorded = _succeeds(lambda: evidence.write(spec.directory, found))
    is_heard = tell_ended(spec, found)
    while not (recorded and _succeeds(lambda: evidence.sync(spec.directory))):
        if time.monotonic() > deadline or not os.path.isdir(spec.directory):
            return False
        time.sleep(_PAUSE_SECONDS)
        recorded = _succeeds(lambda: evidence.write(spec.directory, found))
    return is_heard


def _sync_output(spec: AttemptSpec) -> None:
    """What the job published is on the disk before anybody is told that there is an end to act on."""
    path = spec.environment.get("SKAFD_OUTPUT")
    if path is None:
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return  # It published nothing.
    try:
        if os.fstat(descriptor).st_size:
            _succeeds(lambda: os.fsync(descriptor))
    finally:
        os.close(descriptor)


def _succeeds(write: Callable[[], None]) -> bool:
    try:
        write()
    except OSError:
        return False
    return True


def _tell(spec: AttemptSpec, kind: NotificationKind, found: Evidence | None, within_seconds: float) -> bool:
    """Whether all have heard it who are to."""
    if spec.notify_socket is None:
        return True
    message = Notification(kind, spec.name, spec.directory, os.getpid(), found)
    return notify.send(spec.notify_socket, message, within_seconds)
