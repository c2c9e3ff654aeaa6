"""From what a supervisor wrote down to what the engine is told."""

from __future__ import annotations

import errno
import logging
import os
import stat
from pathlib import Path

from skafd.daemon.surroundings import OUTPUT
from skafd.model.outcome import Cancelled, Exited, Lost, NotStarted, OomKilled, Outcome, Signalled, TimedOut, Usage
from skafd.sandbox.evidence import Evidence, Verdict

_LONGEST_OUTPUT_BYTES = 2**20
_NO_PLAIN_FILE = (errno.ELOOP, errno.ENXIO)
_OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)
"""Not the job's doing: it is tried again."""

log = logging.getLogger("skafd.evidence")


def outcome_of(evidence: Evidence) -> Outcome:
    """The outcome that the evidence supports."""
    match evidence.verdict:
        case Verdict.OOM_KILLED:
            limit = evidence.limits.memory_bytes
            peak = evidence.peak_memory_bytes or limit or 0
            return OomKilled(limit, peak_bytes=peak, reason=evidence.reason, process=evidence.biggest_process)
        case Verdict.TIMED_OUT:
            return TimedOut(after_seconds=evidence.ended_at - (evidence.started_at or evidence.ended_at))
        case Verdict.CANCELLED:
            return Cancelled(reason=evidence.reason or "by request")
        case Verdict.NOT_STARTED:
            return NotStarted(evidence.reason or "no reason was recorded", evidence.for_want_of_room)
        case Verdict.SIGNALLED:
            return Signalled(signal=evidence.signal or 0, reason=evidence.reason)
        case Verdict.LOST:
            return Lost(cause=evidence.reason)
        case Verdict.EXITED:
            return Exited(code=evidence.exit_code or 0)


def usage_of(evidence: Evidence) -> Usage:
    """What the attempt used."""
    return Usage(evidence.peak_memory_bytes, evidence.cpu_seconds, evidence.start)


def output_of(folder: Path) -> str | None:
    """What the job published; None for nothing, for what is too long, is no text, or cannot be read."""
    try:
        # Neither follows a link to what the job itself may not read, nor waits at a pipe for somebody to write.
        descriptor = os.open(folder / OUTPUT, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(_LONGEST_OUTPUT_BYTES + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
        return content.decode() if 0 < len(content) <= _LONGEST_OUTPUT_BYTES else None
    except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError):
        return None
    except OSError as error:
        if error.errno in _OUT_OF_DESCRIPTORS:
            raise
        if error.errno not in _NO_PLAIN_FILE:
            log.warning("what the job published cannot be read: %s", error)
        return None
