"""Which environments stay: those that a kept deployment needs; and what is gone is made again from its lock."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import pytest

from skafd.daemon.changes import Changes
from skafd.daemon.drifting import drift_of
from skafd.daemon.environment_builds import EnvironmentBuilds
from skafd.daemon.environment_keeping import EnvironmentKeeping
from skafd.daemon.mailbox import Mailbox
from skafd.deploy.snapshot import Snapshotter
from skafd.environments.runner import PlainRunner
from skafd.home import Home
from skafd.model.deployment import Deployment
from skafd.model.environment import EnvironmentWish
from skafd.model.ids import JobId
from skafd.model.project import Generation, Job, Project
from skafd.store import Database
from skafd.store.views import ProjectRow
from tests.support.package_index import PackageIndex, serving
from tests.support.stored import NOON

JOB = JobId("it")


class AtOnce:
    """A mailbox that writes at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, prepare: Any, _purpose: object) -> Future[None]:
        with self._database.transaction() as writer:
            prepare(writer)
        done: Future[None] = Future()
        done.set_result(None)
        return done


class Room:
    """A project, its environments, and an index that they come from."""

    def __init__(self, folder: Path, index: PackageIndex) -> None:
        self.home = Home(folder / "state")
        self.home.create()
        self.index = index
        self.project = folder / "churn"
        self.project.mkdir()
        self.database = Database.open(self.home.database)
        self.builds = EnvironmentBuilds(self.home, self.database, Changes(), PlainRunner())
        self.keeping = EnvironmentKeeping(self.home, self.database, cast(Mailbox, AtOnce(self.database)))

    def deploy(self, *packages: str) -> Deployment:
        """What the daemon does at a save."""
        (self.project / "it.py").write_text(f"# {packages}\n")
        snapshotter = Snapshotter(self.project, self.home.deployments)
        snapshot = snapshotter.place(snapshotter.stage(snapshotter.survey()), "churn")
        config = Project(
            "churn",
            Generation.JOBS,
            (Job(JOB, "it", "it.py", wish=EnvironmentWish(packages=packages)),),
            environment=(("UV_DEFAULT_INDEX", self.index.url), ("UV_FIND_LINKS", "")),
        )
        prepared = self.builds.prepare(self.project, snapshot.path, config, threading.Event())
        with self.database.transaction() as writer:
            row = writer.add_project(self.project, "churn", None, NOON)
            for key, lock in prepared.locks:
                writer.record_environment(key, lock, NOON)
            made = writer.record_deployment(row.id, snapshot.hash, config, prepared.key, NOON)
            writer.switch_live(row.id, made.number, NOON)
        return made

    def row(self) -> ProjectRow:
        with self.database.reader() as reader:
            return reader.find_project("churn")

    def age(self) -> None:
        """As if nobody had asked for any of them for long."""
        for path in self.home.environments.iterdir():
            os.utime(path, (0, 0))

    def keys(self) -> set[str]:
        return {one.key for one in self.keeping.environments()}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with serving(tmp_path / "index") as index:
        index.publish("alpha", "1.0")
        room = Room(tmp_path, index)
        yield room
        room.database.close()


def test_what_no_kept_deployment_needs_is_removed_and_the_rest_stays(room: Room) -> None:
    first, second = room.deploy("alpha"), room.deploy()
    room.age()
    assert room.keeping.collect(dry_run=False) == []
    snapshot = room.home.deployments / "churn" / first.snapshot_hash
    snapshot.rename(room.home.path / "gone")
    (removed,) = room.keeping.collect(dry_run=True)
    assert (removed.key, removed.kind, removed.packages) == (first.environment_key, "uv", 1)
    assert room.keys() == {first.environment_key, second.environment_key}
    room.keeping.collect(dry_run=False)
    assert room.keys() == {second.environment_key}


def test_what_was_just_asked_for_stays(room: Room) -> None:
    first, _ = room.deploy("alpha"), room.deploy()
    (room.home.deployments / "churn" / first.snapshot_hash).rename(room.home.path / "gone")
    assert room.keeping.collect(dry_run=False) == []


def test_an_earlier_deployment_gets_the_same_packages_although_its_environment_is_gone(room: Room) -> None:
    first = room.deploy("alpha")
    room.deploy()
    room.index.publish("alpha", "2.0")
    room.builds._environments._shelf.throw_away(first.environment_key)
    for record in (room.home.environments / ".resolved").iterdir():
        record.unlink()
    room.builds.ensure(first, room.row())
    site = next((room.home.environments / first.environment_key).glob("lib/python3*/site-packages/alpha.py"))
    assert site.read_text() == "version = '1.0'\n"


def test_an_environment_that_lost_a_package_is_made_again(room: Room) -> None:
    deployment = room.deploy("alpha")
    site = next((room.home.environments / deployment.environment_key).glob("lib/python3*/site-packages"))
    (site / "alpha-1.0.dist-info" / "METADATA").unlink()
    room.builds.ensure(deployment, room.row())
    assert (site / "alpha-1.0.dist-info" / "METADATA").exists()


def test_what_a_killed_daemon_had_begun_is_put_away(room: Room) -> None:
    half = room.home.environments / "half-built"
    half.mkdir()
    (room.home.environments / ".scratch" / "x").mkdir(parents=True)
    EnvironmentBuilds(room.home, room.database, Changes(), PlainRunner())
    assert not half.exists()
    assert not (room.home.environments / ".scratch").exists()


def test_what_drifted_since_the_deployment_before_is_known(room: Room) -> None:
    first = room.deploy("alpha")
    room.index.publish("alpha", "2.0")
    room.index.publish("beta", "1.0")
    second = room.deploy("alpha>=1", "beta")
    with room.database.reader() as reader:
        assert drift_of(reader, first.project, first.number) == []
        assert drift_of(reader, second.project, second.number) == ["alpha 1.0 -> 2.0", "beta 1.0 is new"]
