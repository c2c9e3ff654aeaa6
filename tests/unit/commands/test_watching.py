import threading
from dataclasses import replace

import pytest

from skafd.api.client import Client
from skafd.api.shapes import Status
from skafd.commands.watching import changes
from tests.support.fake_backend import FakeBackend, job


def test_a_line_for_each_change_and_none_for_what_stayed(daemon: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, was_asked = daemon.status, threading.Event()

    def status(after: int = -1) -> Status:
        found = answer(after)
        was_asked.set()
        return found

    def change() -> None:
        was_asked.wait()
        daemon.projects = [replace(daemon.projects[0], jobs=[job("ingest", state="running")])]
        daemon.announce()

    monkeypatch.setattr(daemon, "status", status)
    changing = threading.Thread(target=change)
    changing.start()
    line = next(changes(Client(daemon.home / "api.sock")))
    changing.join()
    assert "churn/ingest" in line
    assert "running" in line
