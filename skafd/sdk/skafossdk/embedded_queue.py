"""The queue that skafd brings: a broker on this machine, asked again while it or the daemon restarts."""

import logging
import os
import random
import threading
import time
from queue import Empty
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, TypeVar

from .deliveries import Method, Properties
from .exceptions import QueueError
from .queue_connection import ANSWER_SECONDS, QueueConnection
from .surroundings import Surroundings
from .transport import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS

PATIENCE_SECONDS = 600.0
"""So long the broker may be gone."""
_T = TypeVar("_T")
_log = logging.getLogger("skafossdk.queue")


class EmbeddedQueue:
    """May be used by any number of threads; each has a connection, and so is a consumer of its own."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._path = os.path.join(os.path.dirname(surroundings.daemon().path), "queue.sock")
        self._local = threading.local()
        self._lock = threading.Lock()
        self._connections: "List[QueueConnection]" = []
        self._holders: "Dict[int, Tuple[QueueConnection, str]]" = {}
        self._unrouted: "Dict[Tuple[str, str], None]" = {}

    def setup(self, bindings: "Sequence[Tuple[str, str]]", exchange: str, delete: bool, most: "Optional[int]") -> None:
        """Queues and their patterns."""
        head = {"op": "setup", "exchange": exchange, "bindings": bindings, "delete": delete, "most_deliveries": most}
        self._persist(lambda connection: connection.ask(head))

    def publish(self, messages: "Sequence[Tuple[str, bytes]]", exchange: str) -> None:
        """Returns when they are on disk."""
        lengths = [(key, len(body)) for key, body in messages]
        head = {"op": "publish", "exchange": exchange, "messages": lengths}
        body = b"".join(body for _, body in messages)
        said, _ = self._persist(lambda connection: connection.ask(head, body))
        if said["unrouted"]:
            self._warn(exchange, messages[0][0], said["unrouted"])

    def consume(self, queue: str, wait_seconds: "Optional[float]") -> "Tuple[Method, Properties, bytes]":
        """The next message. Raises queue.Empty."""
        until = None if wait_seconds is None else time.monotonic() + wait_seconds

        def ask(connection: QueueConnection) -> "Tuple[Dict[str, Any], bytes]":
            if until is None and queue in connection.held:
                _log.warning("consume(%r) waits until the message before is acknowledged: ack or nack it", queue)
            rest = None if until is None else max(0.0, until - time.monotonic())
            answer_seconds = None if rest is None else rest + ANSWER_SECONDS
            said, body = connection.ask({"op": "consume", "queue": queue, "timeout": rest}, seconds=answer_seconds)
            if not said.get("empty"):
                self._hold(connection, queue, said["tag"])
            return said, body

        try:
            said, body = self._persist(ask, until)
        except _TooLate:
            raise Empty(f"{queue} has had no message for {wait_seconds} seconds") from None
        if said.get("empty"):
            raise Empty(f"{queue} has had no message for {wait_seconds} seconds")
        method = Method(said["tag"], said["exchange"], said["key"], said["redelivered"])
        return method, Properties(said["published_at_ms"] // 1000, said["deliveries"]), body

    def settle(self, delivery_tag: int, how: str) -> None:
        """`ack` or `nack`, on the connection on which it came."""
        with self._lock:
            holder, queue = self._holders.pop(delivery_tag, (None, ""))
        if holder is not None and holder.pid == os.getpid():
            if holder.held.get(queue) == delivery_tag:
                del holder.held[queue]
            try:
                return holder.tell({"op": how, "tag": delivery_tag})
            except OSError:
                # The broker has given it back by itself; an `ack` still counts where nobody else has it yet.
                if how == "nack":
                    return None
        return self._persist(lambda connection: connection.tell({"op": how, "tag": delivery_tag}))

    def stop(self) -> None:
        """Closes all connections; what is held goes to others. The next call opens another."""
        with self._lock:
            connections, self._connections = self._connections, []
            self._holders.clear()
        for connection in connections:
            connection.close()
        self._local = threading.local()

    def _hold(self, connection: QueueConnection, queue: str, tag: int) -> None:
        connection.held[queue] = tag
        with self._lock:
            self._holders[tag] = connection, queue

    def _persist(self, work: "Callable[[QueueConnection], _T]", until: "Optional[float]" = None) -> _T:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return work(self._connection())
            except OSError as error:
                self._forget()
                if until is not None and time.monotonic() >= until:
                    raise _TooLate from None
                if time.monotonic() > give_up_at:
                    raise QueueError(f"the queue does not answer at {self._path}: {error}") from error
            # Not all at the same instant.
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _connection(self) -> QueueConnection:
        kept: "Optional[QueueConnection]" = getattr(self._local, "kept", None)
        if kept is not None and kept.pid == os.getpid():
            return kept
        if kept is not None:
            kept.close()
        self._local.kept = made = self._connect()
        with self._lock:
            self._connections = [one for one in self._connections if one.pid == os.getpid()] + [made]
        return made

    def _connect(self) -> QueueConnection:
        try:
            return QueueConnection(self._path, self._surroundings.token)
        except (FileNotFoundError, ConnectionRefusedError):
            self._surroundings.daemon().call("POST", "/v1/services/queue/start", answer_seconds=120.0)
            return QueueConnection(self._path, self._surroundings.token)

    def _forget(self) -> None:
        kept: "Optional[QueueConnection]" = getattr(self._local, "kept", None)
        self._local.kept = None
        if kept is not None:
            kept.close()
            with self._lock:
                self._connections = [one for one in self._connections if one is not kept]

    def _warn(self, exchange: str, key: str, count: int) -> None:
        if (exchange, key) not in self._unrouted:
            self._unrouted[exchange, key] = None
            _log.warning("no queue takes %d of what was published to %r with %r: it is lost", count, exchange, key)


class _TooLate(Exception):
    """Nobody answered within the time that the program gives."""
