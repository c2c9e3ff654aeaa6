"""One connection: who it is, what it consumes, and its questions one after another."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from typing import Any

from skafd.addons.queue.broker import Broker
from skafd.addons.queue.frames import Frames, frame
from skafd.addons.queue.ledger import Ledger
from skafd.addons.queue.state import DEFAULT_MOST_DELIVERIES, Message, MessageQueue
from skafd.errors import QueueError, Refused, SkafdError
from skafd.job_token import verify

log = logging.getLogger("skafd.queue")


class Unauthorized(Refused):
    """Whoever asks has no token of this skafd."""


class Consumer:
    """Of one queue, by one connection. It is given a message when it asks and holds none: prefetch 1."""

    def __init__(self, connection: Connection, queue: MessageQueue) -> None:
        self.connection = connection
        self.queue = queue
        self.is_asking = False
        self._message: Message | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def holds_one(self) -> bool:
        """A message that is neither acknowledged nor given back."""
        return self._message is not None and self._message.holder is self

    def ask(self, timeout_seconds: float | None) -> None:
        """The next message is sent, or after a while that there is none."""
        self.is_asking = True
        self.go_on()
        if self.is_asking and timeout_seconds is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(timeout_seconds, 0.0), self._expire)

    def go_on(self) -> None:
        """It may take a message again."""
        if self.is_asking and not self.holds_one and self not in self.queue.waiting:
            self.connection.broker.want(self.queue, self)

    def offer(self, message: Message) -> None:
        """Sends it away."""
        self._message = message
        self._answered()
        self.connection.deliver(message)

    def _expire(self) -> None:
        if self in self.queue.waiting:
            self.queue.waiting.remove(self)
        self._answered()
        self.connection.say({"empty": True})

    def _answered(self) -> None:
        self.is_asking = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def leave(self) -> None:
        """What it holds goes to others."""
        self._answered()
        self.connection.broker.leave(self.queue, self)


class Connection(asyncio.Protocol):
    """Made for each client."""

    def __init__(self, broker: Broker, ledger: Ledger, key: bytes, connections: set[Connection]) -> None:
        self.broker = broker
        self._ledger = ledger
        self._key = key
        self._connections = connections
        self._frames = Frames()
        self._consumers: dict[str, Consumer] = {}
        self._project = ""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there, who first has to say who."""
        self._transport = transport  # type: ignore[assignment]
        self._connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """What was held goes to others."""
        self._transport = None
        self._connections.discard(self)
        self._leave()

    def data_received(self, data: bytes) -> None:
        """Any number of questions."""
        try:
            for head, body in self._frames.feed(data):
                self._answer(head, body)
        except Refused as error:
            self._say_error(error)
            self.close()

    def say(self, head: dict[str, Any], body: bytes = b"") -> None:
        """An answer, unless nobody is there to hear it."""
        if self._transport is not None:
            self._transport.write(frame(head, body))

    def deliver(self, message: Message) -> None:
        """The answer to `consume`."""
        head = {
            "tag": message.id,
            "exchange": message.exchange,
            "key": message.key,
            "redelivered": message.is_redelivered,
            "deliveries": message.deliveries,
            "published_at_ms": message.published_at_ms,
        }
        self.say(head, self.broker.body(message))

    def close(self) -> None:
        """After what was said is sent."""
        if self._transport is not None:
            self._transport.close()

    def _answer(self, head: dict[str, Any], body: bytes) -> None:
        name = head.get("op")
        if name != "hello" and not self._project:
            raise Unauthorized("nobody said who asks", "begin with `hello`")
        work = _WORK.get(str(name))
        try:
            if work is None:
                raise QueueError(f"the queue knows no {name!r}")
            work(self, head, body)
        except Unauthorized:
            raise
        except SkafdError as error:
            self._say_error(error)
        except (KeyError, TypeError, ValueError) as error:
            self._say_error(QueueError(f"{name} is not understood: {error!r}"))

    def _say_error(self, error: SkafdError) -> None:
        kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
        self.say({"error": {"message": error.message, "hint": error.hint, "kind": kind}})

    def _say_when_durable(self, head: dict[str, Any]) -> None:
        self._ledger.when_durable(lambda: self.say(head))

    def _hello(self, head: dict[str, Any], _body: bytes) -> None:
        try:
            self._project = verify(str(head["token"]), self._key).project
        except Refused as error:
            raise Unauthorized(error.message, error.hint) from None
        self.say({"ok": True})

    def _set_up(self, head: dict[str, Any], _body: bytes) -> None:
        most = int(head.get("most_deliveries") or DEFAULT_MOST_DELIVERIES)
        names = [(str(name), str(pattern)) for name, pattern in head["bindings"]]
        self.broker.set_up(self._project, names, str(head["exchange"]), most, bool(head.get("delete")))
        self._say_when_durable({"ok": True})

    def _publish(self, head: dict[str, Any], body: bytes) -> None:
        unrouted = self.broker.publish(self._project, str(head["exchange"]), _split(head["messages"], body))
        self._say_when_durable({"ok": True, "unrouted": unrouted})

    def _consume(self, head: dict[str, Any], _body: bytes) -> None:
        name = str(head["queue"])
        queue = self.broker.queue(self._project, name)
        consumer = self._consumers.get(name) or self._consumers.setdefault(name, Consumer(self, queue))
        consumer.ask(head.get("timeout"))

    def _ack(self, head: dict[str, Any], _body: bytes) -> None:
        consumer = self.broker.held_by(self._project, int(head["tag"]))
        mine = consumer if isinstance(consumer, Consumer) and consumer.connection is self else None
        self.broker.ack(self._project, int(head["tag"]), mine)
        if mine is not None:
            mine.go_on()

    def _nack(self, head: dict[str, Any], _body: bytes) -> None:
        consumer = self.broker.held_by(self._project, int(head["tag"]))
        if isinstance(consumer, Consumer) and consumer.connection is self:
            self.broker.put_back(self.broker.message(int(head["tag"])))
            consumer.go_on()

    def _leave(self, _head: dict[str, Any] | None = None, _body: bytes = b"") -> None:
        for consumer in self._consumers.values():
            consumer.leave()
        self._consumers.clear()

    def _describe(self, _head: dict[str, Any], _body: bytes) -> None:
        self.say({"queues": list(self.broker.describe(self._project))})

    def _revive(self, head: dict[str, Any], _body: bytes) -> None:
        self._say_when_durable({"count": self.broker.revive(self._project, str(head["queue"]))})

    def _purge(self, head: dict[str, Any], _body: bytes) -> None:
        count = self.broker.purge(self._project, str(head["queue"]), bool(head.get("dead_only")))
        self._say_when_durable({"count": count})


def _split(lengths: Sequence[tuple[str, int]], body: bytes) -> list[tuple[str, bytes]]:
    """Keys, and the parts of the body that belong to them."""
    messages: list[tuple[str, bytes]] = []
    start = 0
    for key, length in lengths:
        messages.append((str(key), body[start : start + length]))
        start += length
    if start != len(body):
        raise ValueError("the lengths are not those of the bodies")
    return messages


_WORK: dict[str, Callable[[Connection, dict[str, Any], bytes], None]] = {
    "hello": Connection._hello,
    "setup": Connection._set_up,
    "publish": Connection._publish,
    "consume": Connection._consume,
    "ack": Connection._ack,
    "nack": Connection._nack,
    "leave": Connection._leave,
    "describe": Connection._describe,
    "revive": Connection._revive,
    "purge": Connection._purge,
}
