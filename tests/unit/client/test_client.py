"""Notebooks read back what churn made, from a daemon of dictionaries on a real socket."""

from __future__ import annotations

import dataclasses
import hashlib
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd import Client, current_namespace, namespace
from skafd.api.kept import ArtifactInfo
from skafd.api.shapes import LogSource, RunDetail
from skafd.errors import DaemonUnreachable, NotFound, Refused, SkafdError
from tests.support.fake_backend import FakeBackend, attempt, summary, task
from tests.support.fake_kept import AT
from tests.support.served import serving

VALUE = {"weights": [1, 2, 3]}


def kept(
    number: int, name: str, content: bytes, form: str = "pickle", by: str = "train", run: int = 42
) -> ArtifactInfo:
    sha256 = hashlib.sha256(content).hexdigest()
    return ArtifactInfo(number, name, f"churn/{run}/{by}", 1, form, form, len(content), sha256, AT)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[FakeBackend]:
    backend = FakeBackend(tmp_path)
    for number, state in ((43, "failed"), (42, "succeeded"), (41, "succeeded")):
        detail = RunDetail(summary(number, state), {"day": "monday"}, [])
        backend.details.pop(f"churn/{number}", None)
        tasks = [
            dataclasses.replace(task(name, [attempt(str(tmp_path))]), task=f"churn/{number}/{name}")
            for name in ("ingest", "train")
        ]
        backend.details[f"churn/{number}"] = dataclasses.replace(detail, tasks=tasks)
    with serving(backend, tmp_path / "api.sock"):
        yield backend


@pytest.fixture
def client(daemon: FakeBackend) -> Client:
    return Client(daemon.home)


def keep(daemon: FakeBackend, number: int, name: str, content: bytes, form: str = "pickle", by: str = "train") -> None:
    daemon.kept.more_artifacts.append(kept(number, name, content, form, by))
    daemon.kept.contents[number] = content


def test_the_newest_run_that_succeeded_gives_its_model(client: Client, daemon: FakeBackend) -> None:
    keep(daemon, 8, "model", pickle.dumps("old"))
    keep(daemon, 9, "model", pickle.dumps(VALUE))
    run = client.project("churn").latest_successful_run
    assert (run.name, run.successful) == ("churn/42", True)
    assert run["train"].artifacts.model == VALUE
    assert run.artifacts["model"] == VALUE
    assert list(run["train"].artifacts) == ["model"]
    assert "model" in dir(run["train"].artifacts)


def test_runs_are_found_by_number_state_and_page(client: Client) -> None:
    churn = client.project("churn")
    assert churn.latest_run.name == "churn/43"
    assert [run.number for run in churn] == [43, 42, 41]
    assert [run.number for run in churn.runs(state="succeeded")] == [42, 41]
    assert [run.number for run in churn.runs(limit=1)] == [43]
    assert churn[41].name == client.run("churn/41").name == "churn/41"
    assert [project.name for project in client.projects] == ["churn"]


def test_a_task_says_all_that_is_known_of_it(client: Client, daemon: FakeBackend) -> None:
    log = daemon.home / "log"
    log.write_text("epoch 1\nepoch 2\n")
    daemon.sources = [LogSource("churn/42/train", str(log), True)]
    run = client.run("churn/42")
    train, ingest = run["train"], run["ingest"]
    assert (train.state, train.seconds, train.parameters, train.packages) == ("succeeded", 12.0, {}, ["numpy==2.0"])
    assert (ingest.output, train.output) == ([1, 2], None)
    assert run.parameters == {"day": "monday"}
    assert str(run.code) == str(train.code) == "/srv/code"
    assert train.logs() == "epoch 1\nepoch 2\n"
    assert train.metrics["loss"].y == [0.5, None, 0.125]
    assert run.metrics.last == {"loss": 0.125}


def test_large_contents_come_as_streams_and_files(client: Client, daemon: FakeBackend, tmp_path: Path) -> None:
    keep(daemon, 8, "reports/big.bin", b"0123456789" * 100_000, "file")
    artifact = client.run("churn/42").artifacts.artifact("reports/big.bin")
    with artifact.open() as stream:
        assert stream.read(10) == b"0123456789"
    folder = tmp_path / "out"
    folder.mkdir()
    assert artifact.download(folder) == folder / "big.bin"
    assert (folder / "big.bin").stat().st_size == artifact.size_bytes == 1_000_000
    assert [path.name for path in folder.iterdir()] == ["big.bin"]
    with pytest.raises(Refused, match="is a file"):
        artifact.load()


def test_what_does_not_arrive_whole_is_never_given_out(client: Client, daemon: FakeBackend, tmp_path: Path) -> None:
    keep(daemon, 8, "model", pickle.dumps(VALUE))
    daemon.kept.contents[8] = b"something else"
    artifact = client.run("churn/42").artifacts.artifact("model")
    with pytest.raises(SkafdError, match="did not arrive whole"):
        artifact.load()
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(SkafdError, match="did not arrive whole"):
        artifact.download(folder)
    assert list(folder.iterdir()) == []


def test_errors_say_what_there_is(client: Client, daemon: FakeBackend) -> None:
    run = client.run("churn/42")
    with pytest.raises(NotFound) as unknown_project:
        client.project("chrun")
    assert unknown_project.value.hint == "there are: churn"
    with pytest.raises(NotFound) as unknown_task:
        run["trian"]
    assert unknown_task.value.hint == "there are: ingest, train"
    with pytest.raises(NotFound) as unknown_artifact:
        _ = run.artifacts.modle
    assert unknown_artifact.value.hint == "there are: rows"
    assert unknown_artifact.value.__notes__ == ["there are: rows"]
    assert not hasattr(run.artifacts, "shape")
    assert run.artifacts.get("modle", 3) == 3
    keep(daemon, 8, "model", b"1", "bytes", by="ingest")
    keep(daemon, 9, "model", b"2", "bytes", by="train")
    run = client.run("churn/42")
    with pytest.raises(Refused) as several:
        _ = run.artifacts.model
    assert several.value.hint == "ask one of them: ingest, train"
    assert run["ingest"].artifacts.model == b"1"


def test_a_value_of_a_library_that_is_not_here_names_it(client: Client, daemon: FakeBackend) -> None:
    keep(daemon, 8, "model", b"cnot_a_library_here\nTree\n.")
    with pytest.raises(Refused, match="needs not_a_library_here, which is not installed here"):
        _ = client.run("churn/42").artifacts.model


def test_no_run_and_no_daemon_are_said(client: Client, daemon: FakeBackend, tmp_path: Path) -> None:
    daemon.details = {"churn/43": daemon.details["churn/43"]}
    with pytest.raises(NotFound, match="no run that succeeded") as failed:
        _ = client.project("churn").latest_successful_run
    assert failed.value.hint == "its newest run is churn/43: failed"
    daemon.details = {}
    with pytest.raises(NotFound, match="churn has no run"):
        _ = client.project("churn").latest_run
    with pytest.raises(DaemonUnreachable):
        _ = Client(tmp_path / "nowhere").projects


def test_a_namespace_narrows_down_what_is_the_latest(client: Client, daemon: FakeBackend) -> None:
    detail = daemon.details["churn/42"]
    mine = dataclasses.replace(detail.summary, cause="manual", user="will", namespace="user:will")
    daemon.details["churn/42"] = dataclasses.replace(detail, summary=mine)
    churn = client.project("churn")
    try:
        assert namespace("user:will") == current_namespace() == "user:will"
        assert (churn.latest_run.name, churn.latest_run.user) == ("churn/42", "will")
        assert [run.number for run in churn] == [42]
        assert churn[43].namespace == "production"
        namespace("user:ann")
        with pytest.raises(NotFound, match="no run in the namespace user:ann"):
            _ = churn.latest_run
        namespace("production")
        assert [run.number for run in churn.runs()] == [43, 41]
        for wrong in ("will", "user:", ""):
            with pytest.raises(Refused, match="no namespace"):
                namespace(wrong)
    finally:
        namespace(None)
    assert [run.number for run in churn] == [43, 42, 41]


def test_runs_are_tagged_and_found_by_tag(client: Client) -> None:
    run = client.run("churn/41")
    run.tag("good", "baseline")
    assert run.tags == ["baseline", "good"]
    assert [run.number for run in client.project("churn").runs(tag="good")] == [41]
    run.untag("good")
    assert client.project("churn").runs(tag="good") == []


def test_the_package_alone_stays_light() -> None:
    heavy = "{'skafd.client', 'skafd.api', 'pydantic', 'starlette', 'http.client', 'pickle', 'typing_extensions'}"
    program = f"import skafd, sys; assert not {heavy} & {{*sys.modules}}"
    program += "; from skafd import Client; assert not {'pydantic', 'starlette', 'uvicorn', 'rich'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", program], check=True)
