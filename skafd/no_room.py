"""How the system says that it has no more: of a disk, or of processes. It is in no way the fault of who wanted some."""

from __future__ import annotations

import errno

_OF_A_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_OF_PROCESSES = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE})
"""And of what each needs: memory, open files."""
_NO_ROOM = _OF_A_DISK | _OF_PROCESSES
_NO_THREAD = "can't start new thread"
"""How Python says it, in a RuntimeError."""
_SAID = ("No space left on device", "Disk quota exceeded", "Read-only file system", "os error 28", "os error 30")
"""How the C library and uv say it of a disk. A build that found no process may have begun too many of its own."""


def is_for_want_of_room(error: BaseException) -> bool:
    """Whether the disk or the machine was to blame, by this error or by one that led to it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
            return True
        if isinstance(cause, RuntimeError) and _NO_THREAD in str(cause):
            return True
        cause = cause.__cause__
    return any(words in str(error) for words in _SAID)
