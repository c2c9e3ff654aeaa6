"""Following logs over the api."""

from __future__ import annotations

import dataclasses
import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.api.client import Client
from skafd.api.shapes import LogSource, TaskInfo
from skafd.errors import DaemonUnreachable, NotFound
from tests.support.fake_backend import FakeBackend, attempt, summary, task
from tests.support.served import Served


class Follower:
    """Reads a stream in a thread, so that a test can wait for what comes."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._queue: queue.Queue[bytes | None] = queue.Queue()
        self._seen = b""
        threading.Thread(target=self._read, args=(blocks,), daemon=True).start()

    def until(self, text: bytes) -> bytes:
        """Waits until the stream has said `text`; returns all it said."""
        while text not in self._seen:
            block = self._queue.get(timeout=60)
            assert block is not None, f"the stream ended with {self._seen!r}"
            self._seen += block
        return self._seen

    def rest(self) -> bytes:
        """Waits for the end of the stream; returns all it said."""
        while (block := self._queue.get(timeout=60)) is not None:
            self._seen += block
        return self._seen

    def _read(self, blocks: Iterator[bytes]) -> None:
        try:
            for block in blocks:
                self._queue.put(block)
        except DaemonUnreachable as error:
            self._queue.put(str(error).encode())
        self._queue.put(None)


@dataclasses.dataclass
class Scene:
    """A backend with logs, and its client."""

    backend: FakeBackend
    client: Client
    folder: Path
    served: Served

    def write(self, name: str, text: str) -> str:
        """Adds to a log; returns its path."""
        with (self.folder / name).open("a") as stream:
            stream.write(text)
        return str(self.folder / name)

    def follow(self, target: str, lines: int | None = None) -> Follower:
        return Follower(self.client.logs(target, lines, follow=True))

    def end_run(self, state: str = "succeeded") -> None:
        """The run and its tasks have ended."""
        detail = self.backend.details["churn/42"]
        self.backend.details["churn/42"] = dataclasses.replace(
            detail,
            summary=summary(state=state),
            tasks=[dataclasses.replace(each, state=state) for each in detail.tasks],
        )
        self.backend.announce()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    backend = FakeBackend(tmp_path)
    running: list[TaskInfo] = [task(name, [attempt("/x")], "running") for name in ("ingest", "train")]
    backend.details["churn/42"] = dataclasses.replace(
        backend.details["churn/42"], summary=summary(state="running"), tasks=running
    )
    with Served(backend, tmp_path / "api.sock") as served:
        yield Scene(backend, served.client, tmp_path, served)


def test_without_following_the_log_is_printed_as_it_is(scene: Scene) -> None:
    path = scene.write("log", "one\ntwo\nthr\xe9e")
    scene.backend.sources = [LogSource("churn/42/train", path, False)]
    assert b"".join(scene.client.logs("churn/train")) == "one\ntwo\nthr\xe9e".encode()
    assert b"".join(scene.client.logs("churn/train", 2)) == "two\nthr\xe9e".encode()
    assert b"".join(scene.client.logs("churn/train", 0)) == b""


def test_several_instances_are_told_apart(scene: Scene) -> None:
    first, second = scene.write("first", "a\nb\n"), scene.write("second", "c")
    scene.backend.sources = [LogSource("churn/42/t[0]", first, True), LogSource("churn/42/t[1]", second, True)]
    assert b"".join(scene.client.logs("churn/42/t")) == b"churn/42/t[0] | a\nchurn/42/t[0] | b\nchurn/42/t[1] | c\n"


def test_following_a_task_ends_with_it(scene: Scene) -> None:
    path = scene.write("log", "one\ntwo\n")
    scene.backend.sources = [LogSource("churn/42/train", path, False)]
    follower = scene.follow("churn/42/train", lines=1)
    assert follower.until(b"two\n") == b"two\n"
    scene.write("log", "three\n")
    follower.until(b"three\n")
    scene.write("log", "last words")
    scene.backend.sources = [LogSource("churn/42/train", path, True)]
    scene.end_run()
    assert follower.rest() == b"two\nthree\nlast words"


def test_following_a_run_goes_on_with_its_next_task(scene: Scene) -> None:
    first = scene.write("first", "from ingest\n")
    scene.backend.sources = [LogSource("churn/42/ingest", first, False)]
    follower = scene.follow("churn/42")
    follower.until(b"churn/42/ingest | from ingest\n")
    second = scene.write("second", "from train\n")
    scene.backend.sources = [LogSource("churn/42/ingest", first, True), LogSource("churn/42/train", second, False)]
    scene.backend.announce()
    follower.until(b"churn/42/train | from train\n")
    scene.backend.sources = [LogSource("churn/42/ingest", first, True), LogSource("churn/42/train", second, True)]
    scene.end_run()
    assert follower.rest() == b"churn/42/ingest | from ingest\nchurn/42/train | from train\n"


def test_following_a_job_goes_on_with_its_next_run(scene: Scene) -> None:
    first = scene.write("first", "run 42\n")
    scene.backend.sources = [LogSource("churn/42/train", first, True)]
    follower = scene.follow("churn/train")
    follower.until(b"run 42\n")
    second = scene.write("second", "run 43\n")
    scene.backend.sources = [LogSource("churn/43/train", second, False)]
    scene.backend.announce()
    assert follower.until(b"run 43\n") == b"run 42\nrun 43\n"


def test_a_run_that_waits_for_its_first_task_can_be_followed(scene: Scene) -> None:
    follower = scene.follow("churn/42")
    path = scene.write("log", "at last\n")
    scene.backend.sources = [LogSource("churn/42/ingest", path, True)]
    scene.end_run()
    assert follower.rest() == b"churn/42/ingest | at last\n"


def test_the_end_of_the_daemon_ends_the_stream(scene: Scene) -> None:
    scene.backend.sources = [LogSource("churn/42/train", scene.write("log", "one\n"), False)]
    follower = scene.follow("churn/42/train")
    follower.until(b"one\n")
    scene.served.stop()
    assert follower.rest() == b"one\n"


def test_an_unknown_target_is_not_found(scene: Scene) -> None:
    with pytest.raises(NotFound):
        b"".join(scene.client.logs("nope", follow=True))
