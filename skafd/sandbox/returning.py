"""What supervisors say to the launcher: that their job was exec'ed, and that they are free for another attempt.

Where many attempts wait, a supervisor whose attempt has ended takes the next one: of the pages that a new one would
have to copy it has its own already. It offers the entrance of a new pipe, and ends where nobody takes it.
"""

from __future__ import annotations

import array
import os
import socket
from dataclasses import dataclass

_MESSAGE_BYTES = 32
_DESCRIPTOR_BYTES = array.array("i").itemsize
_Rights = list[tuple[int, int, "array.array[int]"]]


@dataclass(frozen=True, slots=True)
class Said:
    """By the supervisor of that pid: its job was exec'ed, or with an entrance, that it waits for another attempt."""

    pid: int
    entrance: int | None


class Desk:
    """The launcher's side. It holds the supervisors' end too, for those to come."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._ours, self._theirs):
            end.setblocking(False)

    def fileno(self) -> int:
        """Readable when one has something to say."""
        return self._ours.fileno()

    def hear(self) -> Said | None:
        """The next word, without waiting; None when there is none."""
        room = socket.CMSG_SPACE(_DESCRIPTOR_BYTES)
        try:
            text, rights, _, _ = self._ours.recvmsg(_MESSAGE_BYTES, room, socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return None
        return Said(int(text), array.array("i", rights[0][2])[0] if rights else None)

    def way_back(self) -> WayBack:
        """In a supervisor: its side; this one is given up."""
        self._ours.close()
        return WayBack(self._theirs)


class WayBack:
    """The supervisor's side. It never waits: a launcher that does not listen is no concern of an attempt's."""

    def __init__(self, launcher: socket.socket) -> None:
        self._launcher = launcher

    def say_begun(self) -> None:
        """The job was exec'ed."""
        self._say([])

    def offer(self) -> int | None:
        """The pipe through which another attempt may come; None where there is no launcher any more."""
        request, entrance = os.pipe2(os.O_CLOEXEC)
        try:
            if self._say([(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [entrance]))]):
                return request
        finally:
            os.close(entrance)
        os.close(request)
        return None

    def _say(self, rights: _Rights) -> bool:
        try:
            self._launcher.sendmsg([str(os.getpid()).encode()], rights)
        except OSError:
            return False
        return True
