"""A blocking client of the broker: for the command line and tests. Jobs have `skafossdk`."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from skafd.addons.data.client import UnixConnection
from skafd.addons.queue.frames import LENGTHS, Frames, frame
from skafd.errors import DaemonUnreachable, QueueError, Refused

ANSWERS_WITHIN_SECONDS = 60.0


class QueueClient:
    """One connection. Each method raises DaemonUnreachable, and QueueError with what the broker says."""

    def __init__(self, path: Path, token: str) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(ANSWERS_WITHIN_SECONDS)
        try:
            self._connect(token)
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """What it holds goes to others."""
        self._socket.close()

    def queues(self) -> list[dict[str, Any]]:
        """Of the token's project."""
        return list(self.ask({"op": "describe"})[0]["queues"])

    def revive(self, queue: str) -> int:
        """Dead letters are delivered again; how many."""
        return int(self.ask({"op": "revive", "queue": queue})[0]["count"])

    def purge(self, queue: str, dead_only: bool) -> int:
        """Removes messages that nobody holds; how many."""
        return int(self.ask({"op": "purge", "queue": queue, "dead_only": dead_only})[0]["count"])

    def tell(self, head: Mapping[str, Any], body: bytes = b"") -> None:
        """What has no answer."""
        try:
            self._socket.sendall(frame(head, body))
        except OSError as error:
            raise self._unreachable(error) from error

    def ask(self, head: Mapping[str, Any], body: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """What has one."""
        self.tell(head, body)
        said, content = self._receive()
        if "error" in said:
            raise QueueError(said["error"]["message"], said["error"]["hint"])
        return said, content

    def _connect(self, token: str) -> None:
        try:
            self._socket.connect(str(self._path))
        except OSError as error:
            raise self._unreachable(error) from error
        self.ask({"op": "hello", "token": token})

    def _receive(self) -> tuple[dict[str, Any], bytes]:
        lengths = self._exactly(LENGTHS.size)
        rest = self._exactly(sum(LENGTHS.unpack(lengths)))
        return next(Frames().feed(lengths + rest))

    def _exactly(self, count: int) -> bytes:
        held = bytearray()
        try:
            while len(held) < count:
                piece = self._socket.recv(count - len(held))
                if not piece:
                    raise ConnectionResetError("it hung up")
                held += piece
        except OSError as error:
            raise self._unreachable(error) from error
        return bytes(held)

    def _unreachable(self, error: OSError) -> DaemonUnreachable:
        return DaemonUnreachable(f"the queue does not answer at {self._path}: {error}")


def find_queue(socket_of_jobs: Path, token: str) -> QueueClient:
    """Has the daemon start the broker, as jobs do. Raises QueueError without the add-on, Refused for a RabbitMQ."""
    connection = UnixConnection(socket_of_jobs, ANSWERS_WITHIN_SECONDS)
    try:
        connection.request("POST", "/v1/services/queue/start", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        said = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DaemonUnreachable(f"the daemon does not start the queue: {error}") from error
    finally:
        connection.close()
    if "error" in said:
        raise QueueError(said["error"]["message"], said["error"]["hint"])
    if "url" in said:
        raise Refused("the queues of this project are in a RabbitMQ", "ask that: `rabbitmqctl list_queues`")
    return QueueClient(socket_of_jobs.with_name("queue.sock"), token)
