"""Queues on disk: SQLite, written by one thread, which commits together what has come in meanwhile."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from skafd.addons.queue.state import Message, MessageQueue, MessageState

log = logging.getLogger("skafd.queue")

RETRY_SECONDS = 1.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS queue (
    id INTEGER PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, most_deliveries INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS binding (
    queue INTEGER NOT NULL, exchange TEXT NOT NULL, pattern TEXT NOT NULL, PRIMARY KEY (queue, exchange, pattern)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY, queue INTEGER NOT NULL, exchange TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL,
    published_at_ms INTEGER NOT NULL, deliveries INTEGER NOT NULL, is_dead INTEGER NOT NULL
) STRICT;
"""
_CLEAN, _IN_USE = 0, 1
Binding = tuple[MessageQueue, str, str]
"""A queue, an exchange, a pattern."""
_Row = tuple[int, int, str, str, bytes, int]


@dataclass(slots=True)
class _Changes:
    """In the order in which they are made, whatever the order in which they came: that makes no difference."""

    queues: list[tuple[int, str, str, int]] = field(default_factory=list)
    bindings: list[tuple[int, str, str]] = field(default_factory=list)
    published: dict[int, _Row] = field(default_factory=dict)
    returned: dict[int, tuple[int, bool]] = field(default_factory=dict)
    removed: list[tuple[int]] = field(default_factory=list)
    dropped: list[tuple[int]] = field(default_factory=list)
    then: list[Callable[[], None]] = field(default_factory=list)


class Ledger:
    """All methods but `close` are for one thread, the broker's, and return at once."""

    def __init__(self, path: Path, call_in_broker: Callable[[Callable[[], None]], object]) -> None:
        """Raises sqlite3.Error where there is no such database."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._connection = _connect(path)
        self._reader = _connect(path)
        self._connection.executescript(_SCHEMA)
        self.was_killed = self._connection.execute("PRAGMA user_version").fetchone()[0] == _IN_USE
        self._connection.execute(f"PRAGMA user_version = {_IN_USE}")
        self._call_in_broker = call_in_broker
        self._changes = _Changes()
        self._is_closing = False
        self._has_changes = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def load(self) -> tuple[list[MessageQueue], list[Binding], Iterable[Message]]:
        """What is there, messages without their bodies."""
        rows = self._reader.execute("SELECT id, project, name, most_deliveries FROM queue").fetchall()
        queues = {row[0]: MessageQueue(*row) for row in rows}
        found = self._reader.execute("SELECT queue, exchange, pattern FROM binding").fetchall()
        bindings = [(queues[queue], exchange, pattern) for queue, exchange, pattern in found]
        return list(queues.values()), bindings, self._messages(queues)

    def body(self, message_id: int) -> bytes:
        """Of a message that is on disk."""
        row = self._reader.execute("SELECT body FROM message WHERE id = ?", (message_id,)).fetchone()
        return bytes(row[0])

    def add_queue(self, queue: MessageQueue) -> None:
        """Also another number of deliveries of one that is there."""
        with self._has_changes:
            self._changes.queues.append((queue.id, queue.project, queue.name, queue.most_deliveries))
            self._has_changes.notify()

    def bind(self, queue: MessageQueue, exchange: str, pattern: str) -> None:
        """Again does no harm."""
        with self._has_changes:
            self._changes.bindings.append((queue.id, exchange, pattern))
            self._has_changes.notify()

    def publish(self, messages: Iterable[Message]) -> None:
        """They are durable when `when_durable`, asked afterwards, says so."""
        with self._has_changes:
            self._changes.published.update((message.id, _row(message)) for message in messages)
            self._has_changes.notify()

    def put_back(self, message: Message) -> None:
        """It was delivered in vain, or is a dead letter that comes back."""
        with self._has_changes:
            self._changes.returned[message.id] = message.deliveries, message.state is MessageState.DEAD
            self._has_changes.notify()

    def remove(self, message_id: int) -> None:
        """It is done with; what was never written need not be."""
        with self._has_changes:
            if self._changes.published.pop(message_id, None) is None:
                self._changes.removed.append((message_id,))
                self._has_changes.notify()

    def drop_queue(self, queue_id: int) -> None:
        """With its messages and bindings."""
        with self._has_changes:
            self._changes.dropped.append((queue_id,))
            self._has_changes.notify()

    def when_durable(self, then: Callable[[], None]) -> None:
        """Called in the broker's thread when all that was said so far is on disk."""
        with self._has_changes:
            self._changes.then.append(then)
            self._has_changes.notify()

    def close(self) -> None:
        """Writes the rest, and notes that nobody was interrupted."""
        with self._has_changes:
            self._is_closing = True
            self._has_changes.notify()
        self._thread.join()
        if self._changes == _NOTHING:
            self._connection.execute(f"PRAGMA user_version = {_CLEAN}")
        self._reader.close()
        self._connection.close()

    def _messages(self, queues: dict[int, MessageQueue]) -> Iterable[Message]:
        statement = "SELECT id, queue, exchange, key, published_at_ms, deliveries, is_dead FROM message ORDER BY id"
        for row_id, queue, exchange, key, at_ms, deliveries, is_dead in self._reader.execute(statement):
            message = Message(row_id, queues[queue], exchange, key, None, at_ms, deliveries)
            message.is_redelivered = self.was_killed or deliveries > 0
            message.state = MessageState.DEAD if is_dead else MessageState.READY
            yield message

    def _run(self) -> None:
        while True:
            with self._has_changes:
                while self._changes == _NOTHING and not self._is_closing:
                    self._has_changes.wait()
                changes, self._changes = self._changes, _Changes()
            if changes == _NOTHING:
                return
            if not self._persist(changes):
                return
            if changes.then:
                self._call_in_broker(partial(_call_all, changes.then))

    def _persist(self, changes: _Changes) -> bool:
        """On a full disk publishers wait until there is room; False: the end came first."""
        was_said = False
        while True:
            try:
                self._write(changes)
                return True
            except sqlite3.Error as error:
                self._connection.rollback()
                if self._is_closing:
                    log.error("the last changes cannot be written, and messages may come again: %s", error)
                    self._changes = changes
                    return False
                if not was_said:
                    log.error("nothing can be written, trying again every second: %s", error)
                was_said = True
                threading.Event().wait(RETRY_SECONDS)

    def _write(self, changes: _Changes) -> None:
        write = self._connection.executemany
        self._connection.execute("BEGIN IMMEDIATE")
        write("INSERT OR REPLACE INTO queue VALUES (?, ?, ?, ?)", changes.queues)
        write("INSERT OR IGNORE INTO binding VALUES (?, ?, ?)", changes.bindings)
        write("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, 0, 0)", changes.published.values())
        returned = ((*how, one) for one, how in changes.returned.items())
        write("UPDATE message SET deliveries = ?, is_dead = ? WHERE id = ?", returned)
        write("DELETE FROM message WHERE id = ?", changes.removed)
        for table, column in (("message", "queue"), ("binding", "queue"), ("queue", "id")):
            write(f"DELETE FROM {table} WHERE {column} = ?", changes.dropped)
        self._connection.execute("COMMIT")


def _call_all(calls: Iterable[Callable[[], None]]) -> None:
    for call in calls:
        call()


def _row(message: Message) -> _Row:
    queue, body = message.queue.id, message.body or b""
    return message.id, queue, message.exchange, message.key, body, message.published_at_ms


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


_NOTHING = _Changes()
