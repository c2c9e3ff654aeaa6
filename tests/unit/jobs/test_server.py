"""The socket of the jobs, asked through the SDK's own transport."""

from __future__ import annotations

import io
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skafd.errors import DaemonUnreachable, NotFound
from skafd.job_token import JobToken
from skafd.sdk.skafossdk import exceptions
from tests.support.answering import TOKEN, answering, service_at, short_folder


class Backend:
    """Remembers who asked, and fails as it is told to."""

    def __init__(self) -> None:
        self.asked: list[JobToken] = []
        self.failures: list[Exception] = []
        self.words = self

    def who(self, token: JobToken) -> dict[str, Any]:
        self.asked.append(token)
        if self.failures:
            raise self.failures.pop(0)
        return {"run": token.run}

    def output(self, _: JobToken, job: str, __: int | None) -> Any:
        if job == "large":
            return "x" * 3_000_000
        raise NotFound(f"no job {job}", "look again")


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as made:
        yield made


def test_a_job_is_known_by_its_token(folder: Path) -> None:
    backend = Backend()
    with answering(backend, folder / "s"):
        assert service_at(folder / "s").call("GET", "/v1/who") == {"run": 42}
    assert backend.asked == [TOKEN]


@pytest.mark.parametrize("token", ["", "nonsense", "ä", TOKEN.sign(b"another key" * 3)])
def test_whoever_has_no_token_of_ours_is_told_nothing(folder: Path, token: str) -> None:
    backend = Backend()
    with (
        answering(backend, folder / "s"),
        pytest.raises(exceptions.Unauthorized, match="not a token of a job") as caught,
    ):
        service_at(folder / "s", token.encode().decode("latin-1")).call("GET", "/v1/who")
    assert backend.asked == []
    assert "SKAFD_TOKEN" in str(caught.value)


def test_errors_come_back_as_what_they_are(folder: Path) -> None:
    with answering(Backend(), folder / "s"):
        service = service_at(folder / "s")
        with pytest.raises(exceptions.NotFound, match="no job nowhere: look again"):
            service.call("GET", "/v1/output", query={"job": "nowhere"})
        with pytest.raises(exceptions.NotFound, match="jobs cannot ask for"):
            service.call("POST", "/v1/nothing")
        with pytest.raises(exceptions.Refused, match="'job' is missing"):
            service.call("GET", "/v1/output")
        with pytest.raises(exceptions.Refused, match="instance is not a whole number"):
            service.call("GET", "/v1/output", query={"job": "nowhere", "instance": "two"})


def test_a_fault_of_the_daemon_is_said_and_does_not_end_it(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    backend = Backend()
    backend.failures = [ZeroDivisionError("division by zero")]
    with answering(backend, folder / "s"):
        service = service_at(folder / "s")
        with pytest.raises(exceptions.SkafosError, match="the daemon failed at this: division by zero"):
            service.call("GET", "/v1/who")
        assert service.call("GET", "/v1/who") == {"run": 42}
    assert "a request of a job failed" in caplog.text


def test_large_answers_come_whole(folder: Path) -> None:
    with answering(Backend(), folder / "s"):
        assert service_at(folder / "s").call("GET", "/v1/output", query={"job": "large"}) == {"value": "x" * 3_000_000}


def test_a_daemon_that_is_about_to_end_is_asked_again(folder: Path) -> None:
    backend = Backend()
    backend.failures = [DaemonUnreachable("the daemon was stopped"), DaemonUnreachable("the daemon was stopped")]
    with answering(backend, folder / "s"):
        assert service_at(folder / "s").call("GET", "/v1/who") == {"run": 42}
    assert len(backend.asked) == 3


def test_calls_wait_for_a_daemon_that_comes_back(folder: Path) -> None:
    backend, answers = Backend(), list[Any]()
    service = service_at(folder / "s")
    with answering(backend, folder / "s"):
        service.call("GET", "/v1/who")
    asking = threading.Thread(target=lambda: answers.append(service.call("GET", "/v1/who")))
    asking.start()
    with answering(backend, folder / "s"):
        asking.join(30)
    assert answers == [{"run": 42}]


def test_without_patience_one_sentence_says_what_to_do(folder: Path) -> None:
    service = service_at(folder / "s", patience_seconds=0.0)
    with pytest.raises(exceptions.Unreachable, match=r"^nobody answers at .*/s$"):
        service.call("GET", "/v1/who")


def test_connections_that_were_silent_are_opened_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skafd.jobs.handler.Handler.timeout", 0.05)
    with answering(Backend(), folder / "s") as server:
        service = service_at(folder / "s")
        service.call("GET", "/v1/who")
        while server._connections:
            threading.Event().wait(0.01)
        assert service.call("GET", "/v1/who") == {"run": 42}


def test_what_is_no_http_is_let_go(folder: Path) -> None:
    with answering(Backend(), folder / "s"):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(folder / "s"))
            client.sendall(b"nonsense\r\n\r\n")
            assert b"400" in client.recv(1000)
        assert service_at(folder / "s").call("GET", "/v1/who") == {"run": 42}


def test_the_socket_is_for_everybody_only_where_jobs_may_be_anybody(folder: Path) -> None:
    with answering(Backend(), folder / "s"):
        expected = 0o666 if os.geteuid() == 0 else 0o600
        assert (folder / "s").stat().st_mode & 0o777 == expected
    assert not (folder / "s").exists()


def test_an_error_in_what_is_sent_is_not_tried_again(folder: Path) -> None:
    tries = list[int]()

    def write(stream: io.BytesIO) -> None:
        tries.append(1)
        stream.write(b"x" * 5_000_000)
        raise ValueError("cannot be pickled")

    with answering(Backend(), folder / "s"), pytest.raises((ValueError, exceptions.NotFound)):
        service_at(folder / "s").send("POST", "/v1/nothing", write)
    assert tries == [1]
