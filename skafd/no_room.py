"""How the system says that a disk takes nothing more: what is in no way the fault of who wanted to write."""

from __future__ import annotations

import errno

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_SAID = ("No space left on device", "Disk quota exceeded", "Read-only file system", "os error 28", "os error 30")
"""How the C library and uv say these."""


def is_for_want_of_room(error: BaseException) -> bool:
    """Whether the disk was to blame, by this error or by one that led to it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in NO_ROOM:
            return True
        cause = cause.__cause__
    return any(words in str(error) for words in _SAID)
