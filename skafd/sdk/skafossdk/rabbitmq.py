"""A RabbitMQ that is there already, through pika: the one of the job's environment, else the one that skafd brings."""

import importlib
import itertools
import logging
import os
import sys
import threading
import time
from collections import deque
from queue import Empty
from typing import Any, Callable, Deque, Dict, Optional, Sequence, Tuple, TypeVar

from .deliveries import PERSISTENT, Method
from .exceptions import QueueError
from .transport import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS

PATIENCE_SECONDS = 600.0
"""So long the server may be gone."""
_T = TypeVar("_T")
_log = logging.getLogger("skafossdk.queue")


def find_pika(folder: "Optional[str]") -> Any:
    """The module; `folder` holds the one that skafd brings. Raises QueueError where there is none."""
    try:
        return importlib.import_module("pika")
    except ImportError:
        if folder is None:
            raise QueueError("a RabbitMQ needs pika: add `pika` to the requirements, or install skafd[queue]") from None
    # Last, so that it hides nothing.
    sys.path.append(folder)
    try:
        return importlib.import_module("pika")
    except (ImportError, SyntaxError) as error:
        raise QueueError(f"skafd's pika is not for this Python, add `pika` to the requirements: {error}") from error


class RabbitMQ:
    """May be used by any number of threads; each has a connection, and so is a consumer of its own."""

    def __init__(self, url: str, pika: Any) -> None:
        self._url = url
        self._pika = pika
        self._local = threading.local()
        self._tags = itertools.count(1)
        self._holders: "Dict[int, Tuple[_Session, int]]" = {}

    def __repr__(self) -> str:
        return "<RabbitMQ>"

    def setup(self, bindings: "Sequence[Tuple[str, str]]", exchange: str, delete: bool, most: "Optional[int]") -> None:
        """Queues and their patterns."""
        if most is not None:
            raise QueueError("max_deliveries is for skafd's own queue: in RabbitMQ a policy says it")

        def declare(session: "_Session") -> None:
            session.channel.exchange_declare(exchange, exchange_type="topic", durable=True)
            for name in dict.fromkeys(name for name, _ in bindings):
                if delete:
                    session.channel.queue_delete(name)
                session.channel.queue_declare(name, durable=True)
            for name, pattern in bindings:
                session.channel.queue_bind(name, exchange, pattern)

        self._persist(declare)

    def publish(self, messages: "Sequence[Tuple[str, bytes]]", exchange: str) -> None:
        """Returns when the server has confirmed them."""
        for key, body in messages:
            self._persist(lambda session, key=key, body=body: self._publish(session, exchange, key, body))  # type: ignore[misc]

    def consume(self, queue: str, wait_seconds: "Optional[float]") -> "Tuple[Method, Any, bytes]":
        """The next message. Raises queue.Empty."""
        until = None if wait_seconds is None else time.monotonic() + wait_seconds
        try:
            found = self._persist(lambda session: (session, session.next(queue, until)), until)
        except _TooLate:
            raise Empty(f"{queue} has had no message for {wait_seconds} seconds") from None
        session, delivery = found
        if delivery is None:
            raise Empty(f"{queue} has had no message for {wait_seconds} seconds")
        method, properties, body = delivery
        tag = next(self._tags)
        self._holders[tag] = session, method.delivery_tag
        return Method(tag, method.exchange, method.routing_key, method.redelivered), properties, body

    def settle(self, delivery_tag: int, how: str) -> None:
        """`ack` or `nack`. Where the connection is gone, the server has given the message back by itself."""
        session, tag = self._holders.pop(delivery_tag, (None, 0))
        if session is None or session.pid != os.getpid():
            return
        try:
            session.settle(tag, how)
        except self._pika.exceptions.AMQPError as error:
            _log.warning("the connection is gone, so the message comes again: %s", error or type(error).__name__)

    def stop(self) -> None:
        """Closes the connection of this thread; what it holds goes to others."""
        self._forget()

    def _publish(self, session: "_Session", exchange: str, key: str, body: bytes) -> None:
        properties = self._pika.BasicProperties(delivery_mode=PERSISTENT, timestamp=int(time.time()))
        try:
            session.channel.basic_publish(exchange, key, body, properties, mandatory=True)
        except self._pika.exceptions.UnroutableError:
            _log.warning("no queue takes what was published to %r with %r: it is lost", exchange, key)

    def _persist(self, work: "Callable[[_Session], _T]", until: "Optional[float]" = None) -> _T:
        errors = self._pika.exceptions
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return work(self._session())
            except (errors.ProbableAuthenticationError, errors.ProbableAccessDeniedError) as error:
                raise QueueError("RabbitMQ does not let the user of the `url` in") from error
            except (errors.ChannelClosedByBroker, errors.NackError) as error:
                self._forget()
                raise QueueError(f"RabbitMQ does not do it: {error}") from error
            except (errors.AMQPError, OSError) as error:
                self._forget()
                if until is not None and time.monotonic() >= until:
                    raise _TooLate from None
                if time.monotonic() > give_up_at:
                    raise QueueError(f"RabbitMQ does not answer: {error or type(error).__name__}") from error
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _session(self) -> "_Session":
        kept: "Optional[_Session]" = getattr(self._local, "kept", None)
        if kept is None or kept.pid != os.getpid():
            kept = self._local.kept = _Session(self._pika, self._url)
        return kept

    def _forget(self) -> None:
        kept: "Optional[_Session]" = getattr(self._local, "kept", None)
        self._local.kept = None
        if kept is not None and kept.pid == os.getpid():
            kept.close()


class _Session:
    """One connection, of one thread."""

    def __init__(self, pika: Any, url: str) -> None:
        self.pid = os.getpid()
        self._thread = threading.get_ident()
        self._errors = pika.exceptions
        parameters = pika.URLParameters(url)
        if "heartbeat" not in url:
            # A job that works on a message for an hour says nothing meanwhile.
            parameters.heartbeat = 0
        self._connection = pika.BlockingConnection(parameters)
        self.channel = self._connection.channel()
        self.channel.confirm_delivery()
        self.channel.basic_qos(prefetch_count=1)
        self._arrived: "Dict[str, Deque[Any]]" = {}

    def next(self, queue: str, until: "Optional[float]") -> Any:
        """The next message of the queue; None when the time is up."""
        if queue not in self._arrived:
            arrived: "Deque[Any]" = deque()
            self.channel.basic_consume(queue, lambda _, *message: arrived.append(message))
            self._arrived[queue] = arrived
        while not self._arrived[queue]:
            rest = 60.0 if until is None else until - time.monotonic()
            self._connection.process_data_events(time_limit=max(rest, 0.0))
            if until is not None and time.monotonic() >= until and not self._arrived[queue]:
                return None
        return self._arrived[queue].popleft()

    def settle(self, tag: int, how: str) -> None:
        """At once in its own thread, else when that listens."""
        settle = self.channel.basic_ack if how == "ack" else self.channel.basic_nack
        if threading.get_ident() == self._thread:
            settle(tag)
        else:
            self._connection.add_callback_threadsafe(lambda: settle(tag))

    def close(self) -> None:
        """Whatever state it is in."""
        try:
            self._connection.close()
        except (self._errors.AMQPError, OSError):
            return


class _TooLate(Exception):
    """Nobody answered within the time that the program gives."""
