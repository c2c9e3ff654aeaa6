"""A broker in a process of its own, which may be killed at any time, and clients of it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skafd.addons.program import python_program
from skafd.addons.queue.client import QueueClient
from skafd.errors import DaemonUnreachable
from skafd.home import Home
from skafd.job_token import JobToken, load_key

PATIENCE_SECONDS = 60.0


class QueueLab:
    """One state folder with a broker."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.home.jobs.mkdir(mode=0o700)
        self._key = load_key(self.home.job_token_key)
        self.process = self._begin()
        self._clients: list[Client] = []

    def token(self, project: str = "churn-token") -> str:
        return JobToken(project, 1, "job", 0, 1).sign(self._key)

    def client(self, project: str = "churn-token") -> Client:
        """Waits until the broker answers."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                made = Client(self.home.queue_socket, self.token(project))
            except DaemonUnreachable:
                assert self.process.poll() is None, "the broker has ended"
                assert time.monotonic() < deadline
                time.sleep(0.02)
            else:
                self._clients.append(made)
                return made

    def kill(self) -> None:
        """As the kernel would."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """As the daemon would."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE_SECONDS) == 0

    def begin(self) -> None:
        """Anew, after `kill` or `end`."""
        self.process = self._begin()

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.kill()

    def _begin(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(python_program("skafd.addons.queue", "--home", str(self.home.path)))


class Client(QueueClient):
    """In few words."""

    def set_up(self, queue: str, pattern: str, **more: Any) -> None:
        self.ask({"op": "setup", "exchange": "default", "bindings": [[queue, pattern]], **more})

    def publish(self, *messages: str, key: str = "jobs") -> int:
        bodies = [one.encode() for one in messages]
        lengths = [[key, len(one)] for one in bodies]
        said, _ = self.ask({"op": "publish", "exchange": "default", "messages": lengths}, b"".join(bodies))
        return int(said["unrouted"])

    def consume(self, queue: str = "jobs", timeout: float | None = 0) -> tuple[dict[str, Any], str | None]:
        said, body = self.ask({"op": "consume", "queue": queue, "timeout": timeout})
        return said, None if "empty" in said else body.decode()

    def take(self, queue: str = "jobs", timeout: float | None = 0) -> str | None:
        """Consumes and acknowledges."""
        said, body = self.consume(queue, timeout)
        if body is not None:
            self.tell({"op": "ack", "tag": said["tag"]})
        return body

    def sync(self) -> None:
        """Waits until what was acked and nacked is on disk; nobody else does."""
        self.publish("", key="no queue's")

    def queue(self, name: str = "jobs") -> dict[str, Any]:
        return next(one for one in self.queues() if one["name"] == name)


@contextmanager
def queue_lab() -> Iterator[QueueLab]:
    # Short: the path of a unix socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="skafd-", dir="/tmp"))
    lab = QueueLab(folder)
    try:
        yield lab
    finally:
        lab.close()
        shutil.rmtree(folder)
