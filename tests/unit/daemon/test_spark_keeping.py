"""Which services of Spark's there are, for the attempts that run."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import cast

import pytest

from skafd.addons.spark.cluster import ADDRESS, open_cluster
from skafd.daemon.services import Services
from skafd.daemon.spark import keeping as module
from skafd.daemon.spark.keeping import SparkKeeping
from skafd.errors import Refused
from skafd.home import Home
from skafd.model.ids import AttemptKey, JobId, ProjectId, RunKey, TaskKey
from skafd.model.limits import Capacity, Limits
from skafd.model.project import Generation, Project
from skafd.model.service import ServiceState
from skafd.model.spark import SparkWish
from skafd.sandbox.user import User

GIB = 2**30
CONFIG = Project("churn", Generation.JOBS, (), spark=SparkWish())


class Table:
    """The services as the keeping sees them: what is needed runs at once."""

    def __init__(self) -> None:
        self.states: dict[str, ServiceState] = {}
        self.needed: list[str] = []
        self.held: frozenset[str] = frozenset()
        self.refusal: Refused | None = None

    def need(self, name: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.needed.append(name)
        self.states[name] = ServiceState.RUNNING

    def stop(self, name: str, _reason: str) -> None:
        self.states[name] = ServiceState.STOPPED

    def hold(self, names: frozenset[str]) -> None:
        self.held = names

    def state_of(self, name: str) -> ServiceState | None:
        return self.states.get(name)

    def names_alive(self) -> list[str]:
        return [name for name, state in self.states.items() if state is not ServiceState.STOPPED]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "s")
    home.create()
    return home


@pytest.fixture
def services() -> Table:
    return Table()


@pytest.fixture
def keeping(home: Home, services: Table) -> SparkKeeping:
    return SparkKeeping(home, Capacity(16, 64 * GIB), cast(Services, services))


def attempt(number: int) -> AttemptKey:
    return AttemptKey(TaskKey(RunKey(ProjectId("churn"), number), JobId("train")), 1)


def begin(keeping: SparkKeeping, number: int, limits: Limits, user: User | None = None) -> AttemptKey:
    key = attempt(number)
    keeping.begin(key, CONFIG, limits, user)
    return key


SMALL, LARGE = Limits(cpu=2, memory_bytes=4 * GIB), Limits(cpu=6, memory_bytes=24 * GIB)


def test_nothing_runs_until_an_attempt_asks(keeping: SparkKeeping, services: Table) -> None:
    keeping.tend([attempt(1)])
    assert services.states == {}


def test_an_attempt_has_a_master_and_a_worker_of_its_size(keeping: SparkKeeping, services: Table) -> None:
    alive = [begin(keeping, 1, SMALL), begin(keeping, 2, SMALL)]
    keeping.tend(alive)
    assert sorted(services.states) == ["spark-master", "spark-worker-2c-4096m-1", "spark-worker-2c-4096m-2"]
    assert services.held == services.states.keys(), "also while no executor has come yet"
    services.needed.clear()
    keeping.tend(alive)
    assert services.needed == [], "nothing has changed"


def test_when_an_attempt_has_ended_its_worker_begins_to_be_idle(keeping: SparkKeeping, services: Table) -> None:
    keeping.tend([begin(keeping, 1, SMALL)])
    services.needed.clear()
    keeping.tend([])
    assert sorted(services.needed) == ["spark-master", "spark-worker-2c-4096m-1"]
    services.needed.clear()
    keeping.tend([])
    assert services.needed == []
    assert services.held == frozenset()
    assert keeping.projects == frozenset()


def test_what_was_stopped_is_started_again_while_it_is_wanted(keeping: SparkKeeping, services: Table) -> None:
    alive = [begin(keeping, 1, SMALL)]
    keeping.tend(alive)
    services.stop("spark-master", "by hand")
    keeping.tend(alive)
    assert services.states["spark-master"] is ServiceState.RUNNING


@pytest.mark.parametrize("is_busy", [False, True])
def test_an_idle_worker_makes_room_and_a_busy_one_does_not(
    keeping: SparkKeeping, services: Table, monkeypatch: pytest.MonkeyPatch, is_busy: bool
) -> None:
    monkeypatch.setattr(module, "is_in_use", lambda _home, _name: is_busy)
    keeping.tend([begin(keeping, 1, SMALL)])
    keeping.tend([begin(keeping, 2, LARGE), begin(keeping, 3, LARGE)])
    expected = ServiceState.RUNNING if is_busy else ServiceState.STOPPED
    assert services.states["spark-worker-2c-4096m-1"] is expected


def test_each_user_has_a_cluster(keeping: SparkKeeping, services: Table) -> None:
    alive = [begin(keeping, 1, SMALL), begin(keeping, 2, SMALL, User(1000, 1000))]
    keeping.tend(alive)
    assert {"spark-master", "spark-u1000-master", "spark-u1000-worker-2c-4096m-1"} <= services.states.keys()


def test_a_cluster_that_does_not_run_leaves_a_port_that_was_taken(home: Home, keeping: SparkKeeping) -> None:
    before = keeping.cluster(None)
    with socket.socket() as stranger:
        stranger.bind((ADDRESS, before.master_port))
        stranger.listen()
        assert keeping.cluster(None).master_port != before.master_port
    assert open_cluster(home, None) != before


def test_trouble_is_said_once(keeping: SparkKeeping, services: Table, caplog: pytest.LogCaptureFixture) -> None:
    services.refusal = Refused("there is no Java")
    alive = [begin(keeping, 1, SMALL)]
    keeping.tend(alive)
    services.states["other"] = ServiceState.RUNNING
    keeping.tend(alive)
    assert [record.getMessage() for record in caplog.records] == ["Spark cannot be started: there is no Java"]


def test_queries_have_a_worker_as_long_as_their_driver_is_there_and_before_all_others(
    keeping: SparkKeeping, services: Table
) -> None:
    greedy = [begin(keeping, number, LARGE) for number in (1, 2)]
    keeping.tend(greedy)
    assert services.held == {"spark-master", "spark-worker-6c-24576m-1", "spark-worker-6c-24576m-2"}
    services.states["spark-queries"] = ServiceState.STARTING
    keeping.tend(greedy)
    assert services.held == {"spark-master", "spark-worker-3c-12288m-0", "spark-worker-6c-24576m-1"}
    keeping.tend([])
    assert services.held == {"spark-master", "spark-worker-3c-12288m-0"}
    services.states["spark-queries"] = ServiceState.STOPPED
    keeping.tend([])
    assert services.held == frozenset()


def test_queries_of_another_users_projects_have_that_users_cluster(keeping: SparkKeeping, services: Table) -> None:
    services.states["spark-u1000-queries"] = ServiceState.RUNNING
    keeping.tend([])
    assert services.held == {"spark-u1000-master", "spark-u1000-worker-3c-12288m-0"}


def test_queries_take_no_worker_of_jobs_of_the_same_size(keeping: SparkKeeping, services: Table) -> None:
    usual = [begin(keeping, number, Limits()) for number in (1, 2)]
    keeping.tend(usual)
    services.states["spark-queries"] = ServiceState.STARTING
    keeping.tend(usual)
    assert services.held == {"spark-master", *(f"spark-worker-3c-12288m-{number}" for number in range(3))}


def test_a_driver_that_is_to_end_wants_nothing_any_more(keeping: SparkKeeping, services: Table) -> None:
    services.states["spark-queries"] = ServiceState.RUNNING
    keeping.tend([])
    for name in services.states:
        services.states[name] = ServiceState.STOPPED
    services.states["spark-queries"] = ServiceState.STOPPING
    keeping.tend([])
    assert services.names_alive() == ["spark-queries"]
    assert services.held == frozenset()
