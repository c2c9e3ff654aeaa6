"""Messages and queues as they are now. No I/O."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

DEFAULT_MOST_DELIVERIES = 5


class MessageState(Enum):
    """Where a message is."""

    READY = auto()
    HELD = auto()
    DEAD = auto()
    GONE = auto()
    """Acknowledged, or deleted with its queue; it may still lie in a line, where it is passed over."""


class Holder(Protocol):
    """Who consumes a queue."""

    def offer(self, message: Message) -> None:
        """Gives the message away: it is held by this one now."""


@dataclass(slots=True, eq=False)
class Message:
    """One message in one queue; published to three queues it is three."""

    id: int
    """Grows, and is never used twice: the delivery tag."""
    queue: MessageQueue
    exchange: str
    key: str
    body: bytes | None
    """None where it is on disk alone."""
    published_at_ms: int
    deliveries: int = 0
    is_redelivered: bool = False
    state: MessageState = MessageState.READY
    holder: Holder | None = None


@dataclass(slots=True, eq=False)
class MessageQueue:
    """First in, first out; what comes back goes to the front, in its old order."""

    id: int
    project: str
    name: str
    most_deliveries: int = DEFAULT_MOST_DELIVERIES
    ready: int = 0
    held: dict[int, Message] = field(default_factory=dict)
    dead: dict[int, Message] = field(default_factory=dict)
    waiting: deque[Holder] = field(default_factory=deque)
    """Who would take a message at once."""
    consumers: set[Holder] = field(default_factory=set)
    _line: deque[Message] = field(default_factory=deque)
    _returned: list[tuple[int, Message]] = field(default_factory=list)

    def add(self, message: Message) -> None:
        """At the end."""
        message.state = MessageState.READY
        self._line.append(message)
        self.ready += 1

    def put_back(self, message: Message) -> bool:
        """What was held comes to the front, or, delivered often enough, to the dead letters: False then."""
        self.held.pop(message.id, None)
        message.holder, message.is_redelivered = None, True
        if message.deliveries >= self.most_deliveries:
            message.state = MessageState.DEAD
            self.dead[message.id] = message
            return False
        self.put_in_front(message)
        return True

    def put_in_front(self, message: Message) -> None:
        """Before all that is younger."""
        message.state = MessageState.READY
        heapq.heappush(self._returned, (message.id, message))
        self.ready += 1

    def take(self, holder: Holder) -> Message | None:
        """The next one, now held; None: there is none."""
        message = self._first()
        if message is None:
            return None
        if self._returned and self._returned[0][1] is message:
            heapq.heappop(self._returned)
        else:
            self._line.popleft()
        self.ready -= 1
        message.state, message.holder = MessageState.HELD, holder
        message.deliveries += 1
        self.held[message.id] = message
        return message

    def remove(self, message: Message) -> None:
        """It is done with."""
        if message.state is MessageState.READY:
            self.ready -= 1
        self.held.pop(message.id, None)
        self.dead.pop(message.id, None)
        message.state, message.holder = MessageState.GONE, None
        message.body = b""

    def oldest_at_ms(self) -> int | None:
        """When the oldest of those that wait or are held was published."""
        first = self._first()
        found = [message.published_at_ms for message in self.held.values()]
        return min([*found, first.published_at_ms] if first else found, default=None)

    def _first(self) -> Message | None:
        while self._returned and self._returned[0][1].state is not MessageState.READY:
            heapq.heappop(self._returned)
        while self._line and self._line[0].state is not MessageState.READY:
            self._line.popleft()
        if self._returned and (not self._line or self._returned[0][0] < self._line[0].id):
            return self._returned[0][1]
        return self._line[0] if self._line else None
