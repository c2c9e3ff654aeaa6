"""What is said to be durable is on disk, also when the disk was full meanwhile."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from skafd.addons.queue.ledger import Ledger
from skafd.addons.queue.state import Message, MessageQueue

PATIENCE_SECONDS = 60.0
ROOM = "PRAGMA max_page_count = {}"


def test_who_publishes_on_a_full_disk_waits_until_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(tmp_path / "queue.db", lambda then: then())
    queue = MessageQueue(1, "churn", "jobs")
    ledger._connection.execute(ROOM.format(1))
    durable = threading.Event()
    ledger.add_queue(queue)
    ledger.publish([Message(2, queue, "default", "jobs", b"x" * 100_000, 0)])
    ledger.when_durable(durable.set)
    until = time.monotonic() + PATIENCE_SECONDS
    while "full" not in caplog.text:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert not durable.is_set()
    ledger._connection.execute(ROOM.format(1_000_000))
    assert durable.wait(PATIENCE_SECONDS)
    ledger.close()
    again = Ledger(tmp_path / "queue.db", lambda then: then())
    assert not again.was_killed
    assert [message.id for message in again.load()[2]] == [2]
    assert again.body(2) == b"x" * 100_000
    again.close()
