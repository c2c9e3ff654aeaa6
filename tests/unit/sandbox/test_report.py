"""Who is told of the end of an attempt, and what it means when nobody was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from skafd.sandbox import evidence, report
from skafd.sandbox.evidence import Evidence, Verdict
from skafd.sandbox.notify import Notification, NotificationKind, NotificationSocket, send
from skafd.sandbox.spec import AttemptSpec

FOUND = Evidence(Verdict.EXITED, exit_code=0)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[NotificationSocket]:
    """The daemon's ear."""
    listener = NotificationSocket(str(tmp_path / "supervisors.sock"))
    yield listener
    listener.close()


@pytest.fixture
def spec(tmp_path: Path) -> AttemptSpec:
    folder = tmp_path / "attempt"
    folder.mkdir()
    return AttemptSpec(
        name="job",
        directory=str(folder),
        commands=(("true",),),
        environment={},
        notify_socket=str(tmp_path / "supervisors.sock"),
        cgroup_name="job",
    )


def test_a_daemon_that_listens_hears_of_the_end(spec: AttemptSpec, daemon: NotificationSocket) -> None:
    assert report.record_and_tell(spec, FOUND)
    [heard] = daemon.receive()
    assert (heard.attempt, heard.kind, heard.evidence) == ("job", NotificationKind.ENDED, FOUND)


def test_an_end_that_a_busy_daemon_did_not_take_is_on_the_disk_and_not_called_heard(
    spec: AttemptSpec, daemon: NotificationSocket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "_ENDED_WITHIN_SECONDS", 0.01)
    waiting = Notification(NotificationKind.STARTED, "another", "/somewhere", 7)
    while send(str(tmp_path / "supervisors.sock"), waiting, 0.01):
        pass
    assert not report.record_and_tell(spec, FOUND)
    assert evidence.read(spec.directory) == FOUND
    assert {heard.attempt for heard in daemon.receive()} == {"another"}


def test_where_nobody_wants_to_be_told_nothing_is_missed(spec: AttemptSpec) -> None:
    assert report.record_and_tell(replace(spec, notify_socket=None), FOUND)
