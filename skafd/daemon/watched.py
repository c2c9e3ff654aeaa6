"""The attempts that may be alive, each with a pidfd of its supervisor in the orchestrator's selector."""

from __future__ import annotations

import logging
import os
import selectors
from dataclasses import dataclass
from pathlib import Path

from skafd.model.ids import AttemptKey
from skafd.sandbox.kill import ask_to_stop, cancel_request, open_process, request_cancel
from skafd.sandbox.notify import Notification
from skafd.sandbox.small_files import make_folders

log = logging.getLogger("skafd.supervision")


@dataclass(slots=True)
class Watched:
    """One attempt."""

    name: str
    attempt: AttemptKey
    folder: Path
    launches: int = 0
    """How many supervisors were forked for it."""
    refusal: Notification | None = None
    """Said by a supervisor, perhaps an earlier one, while the launcher has not answered."""
    may_have_run: bool = False
    """Although nothing says so: it is not launched again."""
    kill_reason: str | None = None
    supervisor_pid: int | None = None
    signalled_pid: int | None = None
    """The supervisor that was asked to end: a second request would be force."""
    start_time: int = 0
    """Of the supervisor."""
    pidfd: int | None = None


class WatchList:
    """By name, as launcher and supervisors call them, and by attempt. The selector's data of a pidfd is the name.

    The daemon may have only so many files open, and needs some for whoever calls it. More supervisors than that are not
    followed all at once: each tells of its end anyway, and that one was killed is found when its turn has come.
    """

    def __init__(self, selector: selectors.BaseSelector, most_followed: int) -> None:
        self._most_followed = most_followed
        self._followed = 0
        self._line: dict[str, Watched] = {}
        """Those that are to be followed when others have ended."""
        self._selector = selector
        self._watched: dict[str, Watched] = {}
        self._names: dict[AttemptKey, str] = {}

    def add(self, name: str, attempt: AttemptKey, folder: Path) -> Watched:
        """Begins to watch an attempt; one that is watched already is found again."""
        self._names[attempt] = name
        return self._watched.setdefault(name, Watched(name, attempt, folder))

    def find(self, name: object) -> Watched | None:
        """The attempt of that name, if it is watched."""
        return self._watched.get(name) if isinstance(name, str) else None

    def of(self, attempt: AttemptKey) -> Watched | None:
        """The attempt, if it is watched."""
        return self._watched.get(self._names.get(attempt, ""))

    def remove(self, watched: Watched) -> None:
        """Ends the watch; one that is not watched is no error."""
        self.unfollow(watched)
        self._watched.pop(watched.name, None)
        self._names.pop(watched.attempt, None)

    def clear(self) -> None:
        """Ends every watch; supervisors go on."""
        self._line.clear()
        for watched in list(self._watched.values()):
            self.remove(watched)

    def is_followed(self, watched: Watched) -> bool:
        """The end of its supervisor is waited for, or is to be when its turn has come."""
        return watched.pidfd is not None or watched.name in self._line

    def follow(self, watched: Watched, pid: int, start_time: int) -> None:
        """Waits for the end of this supervisor from now on, and passes on a wish to end that came before it."""
        self.unfollow(watched)
        watched.supervisor_pid, watched.start_time = pid, start_time
        self._line[watched.name] = watched
        self._follow_next()
        if watched.kill_reason is not None and watched.signalled_pid != pid:
            self._signal(watched)

    def end(self, attempt: AttemptKey, reason: str) -> None:
        """Leaves the reason in the attempt's folder and signals its supervisor, now or as soon as it is known."""
        watched = self.of(attempt)
        if watched is None:
            return
        self._leave_reason(watched, reason)
        self._signal(watched)

    def wish_end(self, watched: Watched, reason: str) -> None:
        """As `end`, once its supervisor is followed; no second request where the reason lies in the folder already."""
        if cancel_request(str(watched.folder)) is None:
            self._leave_reason(watched, reason)
        watched.kill_reason = reason

    def _leave_reason(self, watched: Watched, reason: str) -> None:
        watched.kill_reason = reason
        try:
            make_folders(str(watched.folder))
            request_cancel(str(watched.folder), reason)
        except OSError as error:
            # The signal alone ends it too; what is missing then is why.
            log.warning("%s is ended without its reason on disk: %s", watched.name, error)

    def _signal(self, watched: Watched) -> None:
        if watched.supervisor_pid is not None and self.is_followed(watched):
            watched.signalled_pid = watched.supervisor_pid
            # Where it has ended, the selector is about to say so.
            ask_to_stop(watched.supervisor_pid, watched.start_time)

    def unfollow(self, watched: Watched) -> None:
        """No longer waits for the end of the supervisor."""
        self._line.pop(watched.name, None)
        if watched.pidfd is not None:
            self._selector.unregister(watched.pidfd)
            os.close(watched.pidfd)
            watched.pidfd = None
            self._followed -= 1
            self._follow_next()

    def _follow_next(self) -> None:
        if not self._line or self._followed >= self._most_followed:
            return
        name = next(iter(self._line))
        watched = self._line.pop(name)
        assert watched.supervisor_pid is not None
        # It may have ended before we looked: a pipe at its end is readable at once, as a pidfd would be.
        watched.pidfd = open_process(watched.supervisor_pid, watched.start_time) or _readable_descriptor()
        self._selector.register(watched.pidfd, selectors.EVENT_READ, name)
        self._followed += 1


def _readable_descriptor() -> int:
    reading_end, writing_end = os.pipe2(os.O_CLOEXEC)
    os.close(writing_end)
    return reading_end
