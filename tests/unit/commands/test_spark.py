"""`skafd spark`: the parts of the cluster, and where a browser finds them."""

from __future__ import annotations

import json

import pytest

from skafd.api.shapes import ServiceInfo
from tests.support.fake_backend import FakeBackend
from tests.unit.commands.conftest import Shell

SINCE = "2026-03-01T13:00:00+00:00"


def service(name: str, state: str = "running", url: str | None = None) -> ServiceInfo:
    return ServiceInfo(name, state, SINCE, 0, None, "", 4711, 2**26, "/log", url)


@pytest.fixture
def cluster(daemon: FakeBackend) -> FakeBackend:
    daemon.running_services = [
        service("data"),
        service("spark-master", url="http://127.0.0.1:4711"),
        service("spark-worker-2c-4096m-1"),
        service("spark-worker-2c-4096m-2", "stopped"),
        service("spark-u1000-master", url="http://127.0.0.1:4712"),
        service("spark-history", url="http://127.0.0.1:4713"),
        service("spark-u1000-history", url="http://127.0.0.1:4714"),
    ]
    return daemon


def test_what_runs_is_shown_with_its_pages(shell: Shell, cluster: FakeBackend) -> None:
    shown = shell("spark").out.splitlines()
    assert shown[0].split() == ["running", "spark-master", "http://127.0.0.1:4711"]
    assert shown[1].split() == ["running", "spark-worker-2c-4096m-1"]
    assert len(shown) == 5
    assert json.loads(shell("spark", "--json").out)[0]["url"] == "http://127.0.0.1:4711"
    assert ("start_service", "spark-history") not in cluster.asked


def test_the_history_of_every_cluster_is_started(shell: Shell, cluster: FakeBackend) -> None:
    assert "http://127.0.0.1:4714" in shell("spark", "--history").out
    assert [name for what, name in cluster.asked if what == "start_service"] == ["spark-history", "spark-u1000-history"]


@pytest.mark.usefixtures("daemon")
def test_without_a_cluster_it_says_when_there_is_one(shell: Shell) -> None:
    ended = shell("spark")
    assert "the first job that needs it" in ended.out + ended.err
