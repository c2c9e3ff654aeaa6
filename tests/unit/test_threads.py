"""Threads that begin as soon as the machine has room for them; R25 is tested on a machine that really has none."""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue

import pytest

from skafd import threads
from skafd.threads import Threads

PATIENCE_SECONDS = 60.0


class Machine:
    """Has no process for threads of that name, until it has."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.is_full = True
        self.refused = threading.Semaphore(0)
        start = threading.Thread.start

        def refuse_or_start(thread: threading.Thread) -> None:
            if thread.name == name and self.is_full:
                self.refused.release()
                raise RuntimeError("can't start new thread")
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", refuse_or_start)
        monkeypatch.setattr(threads, "_PAUSE_SECONDS", 0.01)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch, "aside")


def test_each_has_a_thread_of_its_own_and_is_waited_for() -> None:
    begun, may_end, done = SimpleQueue[int](), threading.Event(), SimpleQueue[int]()
    aside = Threads("aside")

    def work(number: int) -> None:
        begun.put(number)
        may_end.wait()
        done.put(number)

    aside.begin(lambda: work(1))
    aside.begin(lambda: work(2))
    assert {begun.get(timeout=PATIENCE_SECONDS), begun.get(timeout=PATIENCE_SECONDS)} == {1, 2}
    may_end.set()
    aside.close()
    assert {done.get_nowait(), done.get_nowait()} == {1, 2}


def test_what_finds_no_process_begins_once_there_is_one(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    aside, done = Threads("aside"), SimpleQueue[int]()
    with caplog.at_level(logging.WARNING):
        aside.begin(lambda: done.put(1))
        aside.begin(lambda: done.put(2))
        for _ in range(5):
            assert machine.refused.acquire(timeout=PATIENCE_SECONDS)
    assert done.empty()
    assert "the machine has no process for aside" in caplog.text
    machine.is_full = False
    assert {done.get(timeout=PATIENCE_SECONDS), done.get(timeout=PATIENCE_SECONDS)} == {1, 2}


def test_what_has_not_begun_at_the_end_never_does(machine: Machine) -> None:
    aside, done = Threads("aside"), SimpleQueue[int]()
    aside.begin(lambda: done.put(1))
    assert machine.refused.acquire(timeout=PATIENCE_SECONDS)
    aside.end()
    machine.is_full = False
    aside.begin(lambda: done.put(2))
    aside.close()
    assert done.empty()


def test_one_whose_work_fails_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    aside, failed = Threads("aside"), threading.Event()

    def fail() -> None:
        failed.set()
        raise OSError("it is gone")

    aside.begin(fail)
    assert failed.wait(PATIENCE_SECONDS)
    aside.close()
