"""What can be asked of the broker. All in one thread; what has to be durable is answered by `Ledger.when_durable`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from skafd.addons.queue.ledger import Ledger
from skafd.addons.queue.state import Holder, Message, MessageQueue, MessageState
from skafd.addons.queue.topics import matches
from skafd.errors import QueueError

MOST_BYTES_IN_MEMORY = 64 * 2**20
"""Bodies beyond it are read from disk when they are delivered."""
_MOST_ROUTES = 10_000
Binding = tuple[str, str, MessageQueue]
"""Exchange, pattern, queue."""


class Broker:
    """Every project has queues and exchanges of its own."""

    def __init__(self, ledger: Ledger, now_ms: Callable[[], int]) -> None:
        """Loads what is on disk."""
        self._ledger = ledger
        self._now_ms = now_ms
        self._bytes_in_memory = 0
        self._queues: dict[tuple[str, str], MessageQueue] = {}
        self._bindings: dict[str, dict[Binding, None]] = {}
        self._routes: dict[tuple[str, str, str], list[MessageQueue]] = {}
        self._messages: dict[int, Message] = {}
        # Of the clock too, so that a tag from before a restart never means another message.
        self._last_id = now_ms() * 1000
        self._load()

    def set_up(
        self, project: str, names: Sequence[tuple[str, str]], exchange: str, most_deliveries: int, delete: bool
    ) -> None:
        """Queues and the patterns by which they are bound; `delete`: what they hold and were bound by goes first."""
        for name in dict.fromkeys(name for name, _ in names) if delete else ():
            if (project, name) in self._queues:
                self._empty(self._queues[project, name])
        for name, pattern in names:
            queue = self._queues.get((project, name)) or MessageQueue(self._next_id(), project, name)
            queue.most_deliveries = most_deliveries
            self._queues[project, name] = queue
            self._bindings.setdefault(project, {})[exchange, pattern, queue] = None
            self._ledger.add_queue(queue)
            self._ledger.bind(queue, exchange, pattern)
        self._routes.clear()

    def publish(self, project: str, exchange: str, messages: Sequence[tuple[str, bytes]]) -> int:
        """Keys and bodies; returns how many of them no queue takes."""
        unrouted = 0
        added: list[Message] = []
        for key, body in messages:
            queues = self._route(project, exchange, key)
            unrouted += not queues
            now_ms = self._now_ms()
            added += [Message(self._next_id(), queue, exchange, key, body, now_ms) for queue in queues]
        self._ledger.publish(added)
        for message in added:
            self._messages[message.id] = message
            message.queue.add(message)
        self._keep_in_memory(added)
        for queue in {id(message.queue): message.queue for message in added}.values():
            self._serve(queue)
        return unrouted

    def queue(self, project: str, name: str) -> MessageQueue:
        """Raises QueueError for one that nobody has set up."""
        try:
            return self._queues[project, name]
        except KeyError:
            raise QueueError(f"there is no queue {name!r}", "`ska.queue.setup(name, routing_key)` makes it") from None

    def want(self, queue: MessageQueue, holder: Holder) -> None:
        """The holder takes the next message, now or when there is one."""
        queue.consumers.add(holder)
        queue.waiting.append(holder)
        self._serve(queue)

    def body(self, message: Message) -> bytes:
        """Also of one that is on disk alone."""
        return self._ledger.body(message.id) if message.body is None else message.body

    def message(self, tag: int) -> Message:
        """By its tag. Raises KeyError when it is done with."""
        return self._messages[tag]

    def held_by(self, project: str, tag: int) -> Holder | None:
        """Whose answer to a message the broker waits for."""
        message = self._messages.get(tag)
        return message.holder if message and message.queue.project == project else None

    def ack(self, project: str, tag: int, holder: Holder | None) -> None:
        """Done with it. Of a delivery that is over too, unless somebody else has the message now."""
        message = self._messages.get(tag)
        if message is None or message.queue.project != project or message.state is MessageState.DEAD:
            return
        if message.holder is holder or message.state is MessageState.READY:
            self._forget(message)
            self._ledger.remove(message.id)

    def put_back(self, message: Message) -> None:
        """Its holder does not want it, or is gone: the next one gets it, or it is a dead letter."""
        message.queue.put_back(message)
        self._ledger.put_back(message)
        self._serve(message.queue)

    def leave(self, queue: MessageQueue, holder: Holder) -> None:
        """It takes nothing any more; what it holds goes back."""
        queue.consumers.discard(holder)
        if holder in queue.waiting:
            queue.waiting.remove(holder)
        for message in [one for one in queue.held.values() if one.holder is holder]:
            self.put_back(message)

    def revive(self, project: str, name: str) -> int:
        """Dead letters are messages again; how many."""
        queue = self.queue(project, name)
        revived = sorted(queue.dead.values(), key=lambda message: message.id)
        queue.dead.clear()
        for message in revived:
            message.deliveries = 0
            queue.put_in_front(message)
            self._ledger.put_back(message)
        self._serve(queue)
        return len(revived)

    def purge(self, project: str, name: str, dead_only: bool) -> int:
        """Removes what waits or is dead, not what is held; how many."""
        queue = self.queue(project, name)
        gone = list(queue.dead.values())
        if not dead_only:
            gone += [m for m in self._messages.values() if m.queue is queue and m.state is MessageState.READY]
        for message in gone:
            self._forget(message)
            self._ledger.remove(message.id)
        return len(gone)

    def describe(self, project: str) -> Iterator[dict[str, Any]]:
        """Every queue of the project."""
        for (owner, name), queue in sorted(self._queues.items()):
            if owner == project:
                bound = [[exchange, pattern] for exchange, pattern, one in self._bindings[project] if one is queue]
                yield {
                    "name": name,
                    "bindings": bound,
                    "ready": queue.ready,
                    "held": len(queue.held),
                    "dead": len(queue.dead),
                    "consumers": len(queue.consumers),
                    "most_deliveries": queue.most_deliveries,
                    "oldest_at_ms": queue.oldest_at_ms(),
                }

    def _load(self) -> None:
        queues, bindings, messages = self._ledger.load()
        for queue in queues:
            self._queues[queue.project, queue.name] = queue
        for queue, exchange, pattern in bindings:
            self._bindings.setdefault(queue.project, {})[exchange, pattern, queue] = None
        for message in messages:
            self._messages[message.id] = message
            if message.state is MessageState.DEAD:
                message.queue.dead[message.id] = message
            else:
                message.queue.add(message)
            self._last_id = max(self._last_id, message.id)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _route(self, project: str, exchange: str, key: str) -> list[MessageQueue]:
        found = self._routes.get((project, exchange, key))
        if found is None:
            if len(self._routes) >= _MOST_ROUTES:
                self._routes.clear()
            bound = self._bindings.get(project, {})
            reached = {
                queue.id: queue for where, pattern, queue in bound if where == exchange and matches(pattern, key)
            }
            found = self._routes[project, exchange, key] = list(reached.values())
        return found

    def _keep_in_memory(self, added: list[Message]) -> None:
        self._bytes_in_memory += sum(len(message.body or b"") for message in added)
        if self._bytes_in_memory > MOST_BYTES_IN_MEMORY:
            self._ledger.when_durable(lambda: self._leave_on_disk(added))

    def _leave_on_disk(self, messages: list[Message]) -> None:
        for message in messages:
            if message.state is MessageState.READY and message.body is not None:
                self._bytes_in_memory -= len(message.body)
                message.body = None

    def _serve(self, queue: MessageQueue) -> None:
        while queue.ready and queue.waiting:
            holder = queue.waiting.popleft()
            message = queue.take(holder)
            if message is None:
                queue.waiting.appendleft(holder)
                return
            holder.offer(message)

    def _forget(self, message: Message) -> None:
        self._messages.pop(message.id, None)
        self._bytes_in_memory -= len(message.body or b"")
        message.queue.remove(message)

    def _empty(self, queue: MessageQueue) -> None:
        """As if it were new; those who consume it stay."""
        bound = self._bindings[queue.project]
        self._bindings[queue.project] = {one: None for one in bound if one[2] is not queue}
        for message in [one for one in self._messages.values() if one.queue is queue]:
            self._forget(message)
        self._ledger.drop_queue(queue.id)
        queue.id = self._next_id()
