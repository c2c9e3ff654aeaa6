"""Messages a second from publishers to consumers through the queue, beside the same records in a bare file.

Four programs publish through the SDK while four others consume and acknowledge each message; the clock runs from the
first publish to the last acknowledgement. The floor writes and syncs the same records, as many at a time, and reads
them back.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from queue import Empty
from typing import Any

from skafd.addons.program import python_program
from skafd.addons.queue.client import QueueClient
from skafd.errors import DaemonUnreachable
from skafd.home import Home
from skafd.job_token import JobToken, load_key
from skafd.sdk.skafossdk.embedded_queue import EmbeddedQueue
from skafd.sdk.skafossdk.surroundings import Surroundings

MESSAGES = int(os.environ.get("MESSAGES", "20000"))
PUBLISHERS = CONSUMERS = 4
BATCH = 100
BODY = b"x" * 200
CONTEXT = multiprocessing.get_context("spawn")


def connect(home: Home, token: str) -> EmbeddedQueue:
    """As a job of the token's does."""
    return EmbeddedQueue(Surroundings(None, {"SKAFD_TOKEN": token, "SKAFD_SOCKET": str(home.jobs_socket)}))


def publish(home: Home, token: str, count: int, batch: int, barrier: Barrier) -> None:
    """So many messages, so many at a time, from the moment when everybody is ready."""
    queue = connect(home, token)
    barrier.wait()
    for _ in range(count // batch):
        queue.publish([("work", BODY)] * batch, "default")


def consume(home: Home, token: str) -> None:
    """Until a message says that it is the last."""
    queue = connect(home, token)
    while True:
        try:
            method, _, body = queue.consume("work", 60)
        except Empty:
            return
        queue.settle(method.delivery_tag, "ack")
        if not body:
            return


def through_the_queue(home: Home, token: str, count: int, batch: int) -> float:
    """Messages a second."""
    share = count // PUBLISHERS
    barrier = CONTEXT.Barrier(PUBLISHERS + 1)
    consumers = [CONTEXT.Process(target=consume, args=(home, token)) for _ in range(CONSUMERS)]
    publishers = [CONTEXT.Process(target=publish, args=(home, token, share, batch, barrier)) for _ in range(PUBLISHERS)]
    for process in [*consumers, *publishers]:
        process.start()
    queue = connect(home, token)
    wait_until(lambda: listed(home, token)[0]["consumers"] == CONSUMERS)
    barrier.wait()
    began = time.perf_counter()
    for process in publishers:
        process.join()
    queue.publish([("work", b"")] * CONSUMERS, "default")
    for process in consumers:
        process.join()
    return share * PUBLISHERS / (time.perf_counter() - began)


def listed(home: Home, token: str) -> list[dict[str, Any]]:
    """The queues as they are."""
    with QueueClient(home.queue_socket, token) as client:
        return client.queues()


def through_a_file(path: Path, count: int, batch: int) -> float:
    """Messages a second."""
    began = time.perf_counter()
    with path.open("wb", buffering=0) as file:
        for _ in range(count // batch):
            file.write(BODY * batch)
            os.fdatasync(file.fileno())
    with path.open("rb") as file:
        while file.read(len(BODY)):
            pass
    return count / (time.perf_counter() - began)


def wait_until(holds: Callable[[], bool]) -> None:
    """Asks until it holds."""
    while True:
        try:
            if holds():
                return
        except DaemonUnreachable:
            pass
        time.sleep(0.02)


def main() -> int:
    """Prints a line for each way to publish."""
    folder = Path(tempfile.mkdtemp(prefix="skafd-", dir="/tmp"))
    home = Home(folder)
    home.jobs.mkdir()
    token = JobToken("bench", 1, "job", 0, 1).sign(load_key(home.job_token_key))
    broker = subprocess.Popen(python_program("skafd.addons.queue", "--home", str(folder)))
    print(f"{os.cpu_count()} cpus, load {os.getloadavg()[0]:.1f}")
    try:
        wait_until(lambda: not listed(home, token))
        connect(home, token).setup([("work", "work")], "default", False, None)
        for name, count, batch in (("publish_many of 100", MESSAGES, BATCH), ("publish one by one", MESSAGES // 4, 1)):
            found = through_the_queue(home, token, count, batch)
            floor = through_a_file(folder / "floor", count, batch)
            print(
                f"queue, {PUBLISHERS} publishers, {CONSUMERS} consumers, {name}: {found:,.0f} messages/s; "
                f"one bare file: {floor:,.0f}/s"
            )
    finally:
        broker.terminate()
        broker.wait()
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
