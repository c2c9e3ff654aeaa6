from dataclasses import replace

from skafd.api.client import Client
from skafd.commands.watching import changes
from tests.support.fake_backend import FakeBackend, job


def test_a_line_for_each_change_and_none_for_what_stayed(daemon: FakeBackend) -> None:
    lines = changes(Client(daemon.home / "api.sock"))
    daemon.announce()
    following = iter(lines)
    import threading

    def change() -> None:
        daemon.projects = [replace(daemon.projects[0], jobs=[job("ingest", state="running")])]
        daemon.announce()

    timer = threading.Timer(0.2, change)
    timer.start()
    line = next(following)
    timer.join()
    assert "churn/ingest" in line
    assert "running" in line
