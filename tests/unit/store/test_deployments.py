"""Versions of a project, which of them is live, and the environments that they run in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from skafd.errors import NotFound
from skafd.model.ids import DeploymentNumber, ProjectId
from skafd.store import Database
from skafd.store.views import EnvironmentState
from tests.support.stored import CONFIG, NOON


def test_deployments_are_numbered_and_one_is_live(database: Database, project: ProjectId) -> None:
    later = NOON + timedelta(minutes=1)
    with database.transaction() as writer:
        second = writer.record_deployment(project, "hash2", CONFIG, "environment", later, linked=["data"])
    assert live(database) == 1
    with database.transaction() as writer:
        writer.switch_live(project, second.number, later)
    assert live(database) == 2
    with database.reader() as reader:
        newest, oldest = reader.deployments(project)
        assert reader.deployment(project, second.number) == second
        assert reader.live_deployments() == (second,)
    assert (newest.number, newest.is_live, newest.went_live_at, newest.job_count) == (2, True, later, 2)
    assert (oldest.number, oldest.is_live, oldest.went_live_at) == (1, False, NOON)


def test_a_rollback_makes_an_earlier_one_live(database: Database, project: ProjectId) -> None:
    with database.transaction() as writer:
        second = writer.record_deployment(project, "hash2", CONFIG, "environment", NOON)
        writer.switch_live(project, second.number, NOON)
        writer.switch_live(project, DeploymentNumber(1), NOON)
    assert live(database) == 1


def live(database: Database) -> int:
    with database.reader() as reader:
        (deployment,) = reader.live_deployments()
    return deployment.number


def test_a_deployment_that_does_not_exist_is_said_so(database: Database, project: ProjectId) -> None:
    with pytest.raises(NotFound, match="#7"), database.transaction() as writer:
        writer.switch_live(project, DeploymentNumber(7), NOON)
    with database.reader() as reader, pytest.raises(NotFound, match="#7"):
        reader.deployment(project, DeploymentNumber(7))


def test_environments_are_listed_by_their_last_use(database: Database) -> None:
    with database.transaction() as writer:
        for minutes, key in enumerate(("a", "b")):
            writer.record_environment(
                key, Path("/environments") / key, EnvironmentState.BUILDING, NOON + timedelta(minutes=minutes)
            )
        writer.record_environment("a", Path("/environments/a"), EnvironmentState.READY, NOON)
        writer.touch_environment("a", NOON + timedelta(hours=1))
    with database.reader() as reader:
        first, second = reader.environments()
    assert (first.key, first.state) == ("b", EnvironmentState.BUILDING)
    assert (second.key, second.state, second.created_at) == ("a", EnvironmentState.READY, NOON)
