"""`ska.queue`: messages between jobs, and between their instances."""

import logging
import threading
from typing import Any, List, Optional, Sequence, Tuple, Union

from .embedded_queue import EmbeddedQueue
from .exceptions import QueueError
from .rabbitmq import RabbitMQ, find_pika
from .surroundings import Surroundings

DEFAULT_EXCHANGE = "default"
MOST_BYTES = 64 * 1024 * 1024
_MOST_MESSAGES_TOGETHER = 1000
_MOST_BYTES_TOGETHER = 8 * 1024 * 1024
_Names = Union[str, Sequence[str]]
_log = logging.getLogger("skafossdk.queue")


class Queue:
    """Topics and durable queues. What was published is on disk, and is delivered until it is acknowledged.

    Every call raises QueueError where the project does not ask for the add-on, or an argument is of the wrong type.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._exchange = DEFAULT_EXCHANGE
        self._queue_name: "Optional[str]" = None
        self._lock = threading.Lock()
        self._broker: "Union[None, EmbeddedQueue, RabbitMQ]" = None

    def setup(
        self,
        queue_names: _Names,
        routing_keys: _Names,
        delete: bool = False,
        exchange_name: "Optional[str]" = None,
        max_deliveries: "Optional[int]" = None,
    ) -> bool:
        """Makes queues, each bound by its routing key: words with dots between them, `*` one word, `#` any number.

        `delete` empties queues that are there; `exchange_name` is remembered, and so is the first queue; what was
        delivered `max_deliveries` times (5) and never acknowledged is a dead letter.
        """
        bindings = _bindings(queue_names, routing_keys)
        if exchange_name is not None:
            self._exchange = _text("an exchange", exchange_name)
        self._found().setup(bindings, self._exchange, bool(delete), max_deliveries)
        self._queue_name = bindings[0][0] if bindings else self._queue_name
        return True

    def publish(self, routing_key: str, body: str, exchange_name: "Optional[str]" = None) -> bool:
        """Returns True when the message is on disk in every queue that the key reaches."""
        return self.publish_many([(routing_key, body)], exchange_name)

    def publish_many(self, messages: "Sequence[Tuple[str, str]]", exchange_name: "Optional[str]" = None) -> bool:
        """Routing keys and bodies: the same for many, and much faster than one by one."""
        encoded = [(_text("a routing key", key), _body(body)) for key, body in messages]
        exchange = _text("an exchange", exchange_name) if exchange_name else self._exchange
        broker = self._found()
        for together in _groups(encoded):
            broker.publish(together, exchange)
        return True

    def consume(
        self, queue_name: "Optional[str]" = None, wait_timeout: "Optional[float]" = None, auto_ack: bool = False
    ) -> "Tuple[Any, Any, bytes]":
        """`(method, properties, body)` of the next message: `method.delivery_tag` is for `ack`, `body` is bytes.

        Waits `wait_timeout` seconds, then raises queue.Empty; None: as long as it takes. A consumer that has not
        acknowledged its message is given no other. Without a name, the queue that was consumed or set up before.
        """
        name = self._queue_name if queue_name is None else queue_name
        if name is None:
            raise QueueError("which queue? consume(queue_name) needs a name that setup was given")
        if wait_timeout is not None and (isinstance(wait_timeout, bool) or not isinstance(wait_timeout, (int, float))):
            raise QueueError(f"wait_timeout is a number of seconds, not {wait_timeout!r}")
        self._queue_name = _text("a queue", name)
        delivery = self._found().consume(self._queue_name, wait_timeout)
        if auto_ack:
            self.ack(delivery[0].delivery_tag)
        return delivery

    def ack(self, delivery_tag: int) -> None:
        """The message is done with."""
        self._found().settle(_tag(delivery_tag), "ack")

    def nack(self, delivery_tag: int) -> None:
        """The message goes back to the front of its queue, for whoever consumes next."""
        self._found().settle(_tag(delivery_tag), "nack")

    def stop(self) -> None:
        """Closes the connections; messages that are not acknowledged go to others."""
        if self._broker is not None:
            self._broker.stop()

    def _found(self) -> "Union[EmbeddedQueue, RabbitMQ]":
        with self._lock:
            if self._broker is None:
                # The daemon knows whether the project asks for the add-on.
                said = self._surroundings.daemon().call("POST", "/v1/services/queue/start", answer_seconds=120.0)
                if said.get("url"):
                    self._broker = RabbitMQ(said["url"], find_pika(said.get("pika")))
                else:
                    self._broker = EmbeddedQueue(self._surroundings)
            return self._broker


def _bindings(queue_names: _Names, routing_keys: _Names) -> "List[Tuple[str, str]]":
    if isinstance(queue_names, str) and isinstance(routing_keys, str):
        return [(_text("a queue", queue_names), routing_keys)]
    if not (isinstance(queue_names, (list, tuple)) and isinstance(routing_keys, (list, tuple))):
        raise QueueError("queue names and routing keys are two strings, or two lists")
    if len(queue_names) != len(routing_keys):
        raise QueueError(f"there are {len(queue_names)} queue names and {len(routing_keys)} routing keys")
    keys = [_text("a routing key", key) for key in routing_keys]
    return list(zip([_text("a queue", name) for name in queue_names], keys))


def _text(what: str, value: Any) -> str:
    if not isinstance(value, str):
        raise QueueError(f"{what} is named by a string, not by {value!r}")
    if not value and what != "a routing key":
        raise QueueError(f"{what} needs a name")
    return value


def _body(body: Any) -> bytes:
    if not isinstance(body, str):
        raise QueueError(f"a message is a string, not {type(body).__name__}: json.dumps makes one of most things")
    encoded = body.encode("utf-8", "surrogatepass")
    if len(encoded) > MOST_BYTES:
        raise QueueError(
            f"a message of {len(encoded)} bytes is too large: at most {MOST_BYTES}; save it as an artifact"
        )
    return encoded


def _tag(delivery_tag: Any) -> int:
    if isinstance(delivery_tag, bool) or not isinstance(delivery_tag, int):
        raise QueueError(f"a delivery tag is method.delivery_tag of what consume returned, not {delivery_tag!r}")
    return delivery_tag


def _groups(messages: "List[Tuple[str, bytes]]") -> "List[List[Tuple[str, bytes]]]":
    """What is sent together: some messages, and not too many bytes."""
    groups: "List[List[Tuple[str, bytes]]]" = []
    size = 0
    for message in messages:
        size += len(message[1])
        if not groups or len(groups[-1]) >= _MOST_MESSAGES_TOGETHER or size > _MOST_BYTES_TOGETHER:
            groups.append([])
            size = len(message[1])
        groups[-1].append(message)
    return groups
