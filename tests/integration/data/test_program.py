"""The data engine as a process: asks for tokens, ends when nobody needs it, keeps what it has when it is ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from skafd.addons.data.client import DataClient
from skafd.errors import DaemonUnreachable, Refused, SkafdError
from skafd.home import Home
from skafd.job_token import JobToken, load_key
from tests.support.embedded import PEOPLE

PATIENCE_SECONDS = 60.0


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.create()
    # What the daemon has said of the project before it went away.
    (home.data / "projects.json").write_text(json.dumps({"churn-token": "churn"}))
    return home


@contextmanager
def running(home: Home, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "skafd.addons.data", "--home", str(home.path), *options]
    with subprocess.Popen(command) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until_it_answers(home: Home, process: subprocess.Popen[bytes]) -> DataClient:
    client = DataClient(home.data_socket, token(home), patience_seconds=0)
    while process.poll() is None:
        try:
            client.tables()
        except DaemonUnreachable:
            continue
        return client
    raise AssertionError("it ended")


def token(home: Home, run: int = 0) -> str:
    return JobToken("churn-token", run, "", 0, 0).sign(load_key(home.job_token_key))


def test_it_ends_well_when_nobody_has_asked_for_a_while(home: Home) -> None:
    with running(home, "--idle-seconds", "0.5") as process:
        assert process.wait(PATIENCE_SECONDS) == 0
    assert not home.data_socket.exists()


def test_it_works_without_the_daemon_and_keeps_what_was_saved(home: Home) -> None:
    with running(home) as process:
        client = wait_until_it_answers(home, process)
        assert client.save(PEOPLE, [{"id": 1, "name": "Ann"}]) == 1
        os.kill(process.pid, signal.SIGKILL)
        process.wait(PATIENCE_SECONDS)
    with running(home) as process:
        client = wait_until_it_answers(home, process)
        assert client.query("SELECT name FROM people")["data"] == [{"name": "Ann"}]
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0


def test_only_who_has_a_token_is_answered_and_only_people_share(home: Home) -> None:
    with running(home) as process:
        client = wait_until_it_answers(home, process)
        with pytest.raises(SkafdError, match="not a token of a job"):
            DataClient(home.data_socket, "guess").tables()
        with pytest.raises(Refused, match="a job cannot share tables"):
            DataClient(home.data_socket, token(home, run=5)).share("churn", may_write=False)
        with pytest.raises(DaemonUnreachable):
            client.share("somebody-else", may_write=False)
