"""What the first process of a namespace says of the job: bubblewrap's own status does not tell a signal from a code."""

from __future__ import annotations

import contextlib
import os

_BEGUN = b"begun "
_SIGNALLED = 128


class InnerStatus:
    """Our end of the pipe; to be closed when it is over."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._text = b""

    def fileno(self) -> int:
        """Readable when there is news, and at the end."""
        return self._descriptor

    def has_begun(self) -> bool:
        """The first process was there, before the job was exec'ed."""
        self._read()
        return self._text.startswith(_BEGUN)

    def status(self) -> int | None:
        """The wait status of the job, once it has ended."""
        self._read()
        number, dot, _ = self._text.removeprefix(_BEGUN).partition(b".")
        return int(number) if dot else None

    def close(self) -> None:
        """Lets go of the pipe."""
        os.close(self._descriptor)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._text += os.read(self._descriptor, 64)


def guess(status: int) -> int:
    """The wait status of a job of which nothing was said, from bubblewrap's: it died with its first process."""
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0
    return code - _SIGNALLED if code > _SIGNALLED else status
