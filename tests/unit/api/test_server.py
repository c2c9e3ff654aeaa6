"""The api over a real socket: what it answers, refuses and survives."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import re
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from skafd.api.client import Client
from skafd.api.openapi import document
from skafd.api.routes import ROUTES
from skafd.api.shapes import DaemonInfo, DeploymentInfo, JobStatus, Problem, ProjectStatus, Status
from skafd.api.sockets import connect
from skafd.errors import DaemonUnreachable, NotFound, Refused, SkafdError
from tests.support.fake_backend import FakeBackend
from tests.support.served import Served, serving

Pair = tuple[FakeBackend, Client]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    backend = FakeBackend(tmp_path)
    with serving(backend, tmp_path / "api.sock") as client:
        yield backend, client


def test_the_socket_is_for_its_owner_alone_and_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    old_mask = os.umask(0)
    try:
        with serving(FakeBackend(tmp_path), path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(old_mask)
    assert not path.exists()


def test_takes_the_place_of_a_socket_left_by_a_killed_daemon(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    path.write_text("")
    with serving(FakeBackend(tmp_path), path) as client:
        assert client.status()["projects"]


def test_status_says_daemon_and_projects(pair: Pair) -> None:
    status = pair[1].status()
    assert set(status) == {"daemon", "projects", "services", "number", "names", "trouble"}
    assert set(status["daemon"]) == {"pid", "version", "started_at", "home", "enforcement"}
    assert [job["name"] for job in status["projects"][0]["jobs"]] == ["ingest", "train", "score", "report"]


def test_with_the_number_of_an_answer_only_what_changed_since_is_said(pair: Pair) -> None:
    backend, client = pair
    backend.announce()
    seen = client.status()["number"]
    assert client.status(seen)["projects"] == []
    assert client.status(seen)["names"] == ["churn"]
    backend.announce()
    assert len(client.status(seen)["projects"]) == 1


@pytest.mark.parametrize("name", ["churn", "136056c2ac6d9e2f35a7b050", "/srv/churn"])
def test_a_project_is_found_by_each_of_its_names(pair: Pair, name: str) -> None:
    assert pair[1].project(name)["project"] == "churn"


def test_what_does_not_exist_is_not_found_with_its_hint(pair: Pair) -> None:
    with pytest.raises(NotFound, match="no project nope") as caught:
        pair[1].project("nope")
    assert caught.value.hint == "`skafd status` lists the projects"


def test_what_is_refused_is_refused(pair: Pair) -> None:
    with pytest.raises(Refused, match="live already"):
        pair[1].rollback("churn", 12)


def test_up_yields_a_result_per_project(pair: Pair) -> None:
    backend, client = pair
    assert [result["outcome"] for result in client.up([Path("/srv/churn")])] == ["deployed"]
    assert backend.asked == [("up", ["/srv/churn"], True)]


def test_up_can_fail_before_and_after_its_first_result(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    backend, client = pair

    def fail(_folders: object, wait: bool, _day: str | None) -> Iterator[object]:
        yield from backend.up_results if wait else []
        raise Refused("the disk is full")

    monkeypatch.setattr(backend, "up", fail)
    results = client.up([Path("/srv")])
    assert next(results)["project"] == "churn"
    with pytest.raises(Refused, match="disk is full"):
        next(results)
    with pytest.raises(Refused, match="disk is full"):
        next(client.up([], wait=False))


def test_runs_and_one_run(pair: Pair) -> None:
    backend, client = pair
    assert client.runs("churn", 5, 43)[0]["run"] == "churn/42"
    assert backend.asked == [("runs", "churn", 5, 43)]
    assert client.run("churn/42")["tasks"][1]["task"] == "churn/42/train"


def test_a_run_is_started_with_parameters(pair: Pair) -> None:
    backend, client = pair
    client.start_run("churn", "train", True, {"epochs": "3"})
    assert backend.asked == [("start_run", "churn", "train", True, {"epochs": "3"})]


def test_kill_deployments_and_stop(pair: Pair) -> None:
    backend, client = pair
    assert client.kill("churn/42")["tasks"] == ["churn/42/train"]
    assert [each["live"] for each in client.deployments("churn")] == [True, False]
    client.stop(jobs=True)
    assert backend.asked[-1] == ("stop", True)


def test_variables_are_masked_unless_shown(pair: Pair) -> None:
    _, client = pair
    client.set_variable("churn", "LEVEL", "x y/z?")
    assert client.variables("churn") == [{"key": "API_KEY", "value": "***"}, {"key": "LEVEL", "value": "***"}]
    assert client.variables("churn", show=True)[1]["value"] == "x y/z?"
    client.delete_variable("churn", "LEVEL")
    with pytest.raises(NotFound, match="no variable LEVEL"):
        client.delete_variable("churn", "LEVEL")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/v1/kill", {"targett": "churn"}, 400, "target"),
        ("POST", "/v1/kill", {}, 400, "target"),
        ("POST", "/v1/kill", {"target": 7}, 400, "target"),
        ("POST", "/v1/stop", {"jobs": True, "extra": 1}, 400, "extra"),
        ("GET", "/v1/runs?limit=many", None, 400, "limit"),
        ("GET", "/v1/runs?colour=red", None, 400, "colour"),
        ("GET", "/v1/logs", None, 400, "target"),
        ("GET", "/v1/nothing", None, 404, "/v1/nothing"),
        ("DELETE", "/v1/status", None, 405, "DELETE"),
    ],
)
def test_a_request_that_does_not_fit_is_refused(
    pair: Pair, method: str, path: str, body: dict[str, object] | None, status: int, words: str
) -> None:
    answered, answer = raw(pair[1], method, path, body)
    assert answered == status
    assert words in answer["error"]["message"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_is_an_answer_too(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_after: int) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(pair[0], "status", broken)
    with pytest.raises(SkafdError, match="the daemon failed at this: division by zero"):
        pair[1].status()


def test_changes_answer_when_something_changes(pair: Pair) -> None:
    backend, client = pair
    seen = client.changes(seconds=0)
    answers: list[int] = []
    waiters = [threading.Thread(target=lambda: answers.append(client.changes(seen, 60))) for _ in range(50)]
    for waiter in waiters:
        waiter.start()
    backend.announce()
    for waiter in waiters:
        waiter.join(30)
    assert answers == [seen + 1] * 50


def test_changes_answer_when_the_time_is_up(pair: Pair) -> None:
    seen = pair[1].changes(seconds=0)
    assert pair[1].changes(seen, 0.01) == seen


def test_the_end_does_not_wait_for_those_who_watch(tmp_path: Path) -> None:
    backend = FakeBackend(tmp_path)
    with Served(backend, tmp_path / "api.sock") as served:
        connection = connect(tmp_path / "api.sock", 30)
        connection.sendall(b"GET /v1/changes?after=99&seconds=600 HTTP/1.1\r\nHost: x\r\n\r\n")
        served.client.status()
        served.stop()
        assert b'"number":0' in read_all(connection)


def test_who_comes_while_it_ends_is_let_go(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """What is accepted and not closed is closed by the collector, which says so."""
    is_over = threading.Event()
    come: list[socket.socket] = []

    def come_again_and_again() -> None:
        while not is_over.is_set():
            visitor = socket.socket(socket.AF_UNIX)
            come.append(visitor)
            with suppress(OSError):
                visitor.connect(str(tmp_path / "s"))

    visitors = threading.Thread(target=come_again_and_again)
    with Served(FakeBackend(tmp_path), tmp_path / "s") as served:
        visitors.start()
        served.client.status()
        served.stop()
    is_over.set()
    visitors.join()
    assert come
    for visitor in come:
        visitor.close()
    gc.collect()
    assert [one for one in recwarn if issubclass(one.category, ResourceWarning)] == []


def test_nobody_there_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DaemonUnreachable) as caught:
        Client(tmp_path / "api.sock").status()
    assert caught.value.hint == "start it with `skafd up`"


def test_a_daemon_that_goes_away_in_the_middle_is_unreachable(tmp_path: Path) -> None:
    backend = FakeBackend(tmp_path)
    release = threading.Event()

    def endless(_folders: object, wait: bool, _day: str | None) -> Iterator[object]:
        yield from backend.up_results
        release.wait(60 if wait else 0)

    backend.up = endless  # type: ignore[method-assign, assignment]
    with Served(backend, tmp_path / "api.sock") as served:
        results = served.client.up([])
        next(results)
        served.stop()
        with pytest.raises(DaemonUnreachable):
            next(results)
    release.set()


def test_openapi_names_every_route_and_resolves(pair: Pair) -> None:
    status, answer = raw(pair[1], "GET", "/v1/openapi.json")
    assert status == 200
    assert answer == document("0.1.0")
    assert {(method.upper(), path) for path, methods in answer["paths"].items() for method in methods} == {
        (route.method, route.path) for route in ROUTES
    }
    for name in references(answer):
        assert name.removeprefix("#/components/schemas/") in answer["components"]["schemas"]


def test_docs_name_every_route() -> None:
    text = Path("docs/api.md").read_text()
    for route in ROUTES:
        assert f"`{route.method} {route.path}`" in text


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    if isinstance(node, list):
        for child in node:
            yield from references(child)


def raw(client: Client, method: str, path: str, body: object = None) -> tuple[int, dict[str, dict[str, str]]]:
    connection = connect(client.socket_path, 30)
    text = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(text)}\r\n\r\n"
    connection.sendall(head.encode() + text)
    answer = read_all(connection)
    headers, _, content = answer.partition(b"\r\n\r\n")
    return int(headers.split()[1]), json.loads(content)


def read_all(connection: object) -> bytes:
    blocks = []
    while block := connection.recv(65536):  # type: ignore[attr-defined]
        blocks.append(block)
    connection.close()  # type: ignore[attr-defined]
    return b"".join(blocks)


def test_docs_name_every_field_of_the_status() -> None:
    text = Path("docs/api.md").read_text().split("## Status")[1]
    for shape in (Status, DaemonInfo, ProjectStatus, DeploymentInfo, Problem, JobStatus):
        for field in dataclasses.fields(shape):
            assert re.search(rf"\b{field.name}\b", text), f"{shape.__name__}.{field.name}"
