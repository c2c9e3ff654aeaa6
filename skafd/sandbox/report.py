"""Makes the end of an attempt known: on disk, and to the daemon if there is one."""

from __future__ import annotations

import os
import time

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
def tell_ended(spec: AttemptSpec, found: Evidence) -> None:
    """Tells the daemon how the attempt ended."""
    _tell(spec, NotificationKind.ENDED, found, _ENDED_WITHIN_SECONDS)


def record_and_tell(spec: AttemptSpec, found: Evidence) -> None:
    """Writes `exit.json`, then tells the daemon; where the disk refuses, tells first and keeps trying."""
    deadline = time.monotonic() + _RECORD_WITHIN_SECONDS
    recorded = _record(spec, found)
    tell_ended(spec, found)
    while not recorded and time.monotonic() < deadline and os.path.isdir(spec.directory):
        time.sleep(_PAUSE_SECONDS)
        recorded = _record(spec, found)


def _record(spec: AttemptSpec, found: Evidence) -> bool:
    try:
        evidence.write(spec.directory, found)
    except OSError:
        return False
    return True


def _tell(spec: AttemptSpec, kind: NotificationKind, found: Evidence | None, within_seconds: float) -> None:
    if spec.notify_socket is None:
        return
    message = Notification(kind, spec.name, spec.directory, os.getpid(), found)
    notify.send(spec.notify_socket, message, within_seconds)
