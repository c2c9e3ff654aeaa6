"""Versions of a project, which of them is live, and the environments that they run in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from skafd.errors import NotFound
from skafd.model.environment import EnvironmentKind, Lock
from skafd.model.ids import DeploymentNumber, JobId, ProjectId
from skafd.store import Database
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


def test_jobs_may_have_environments_of_their_own(database: Database, project: ProjectId) -> None:
    with database.transaction() as writer:
        made = writer.record_deployment(project, "hash2", CONFIG, "a", NOON, job_environments=[(JobId("train"), "b")])
    with database.reader() as reader:
        found = reader.deployment(project, made.number)
        users = reader.environment_users()
    assert found == made
    assert (found.environment_of(JobId("train")), found.environment_of(JobId("other"))) == ("b", "a")
    assert found.environment_keys == ("a", "b")
    assert [(use.slug, use.deployment, use.is_live) for use in users["b"]] == [("churn", 2, False)]
    assert [(use.slug, use.deployment, use.is_live) for use in users["environment"]] == [("churn", 1, True)]


def test_what_was_added_for_notebooks_is_in_use_too(database: Database, project: ProjectId) -> None:
    with database.transaction() as writer:
        made = writer.record_deployment(
            project, "hash2", CONFIG, "a", NOON, layers=[("notebook", "n"), ("kernel a", "k")]
        )
    with database.reader() as reader:
        found = reader.deployment(project, made.number)
        users = reader.environment_users()
    assert found == made
    assert found.environment_keys == ("a", "n", "k")
    assert [use.deployment for use in users["k"]] == [2]


def test_what_was_resolved_is_kept(database: Database) -> None:
    lock = Lock(EnvironmentKind.UV, "3.11.7", "linux-x86_64", ("six==1.16.0 --hash=sha256:aa",))
    with database.transaction() as writer:
        writer.record_environment("a", lock, NOON)
        writer.record_environment("a", lock, NOON)
    with database.reader() as reader:
        assert (reader.lock("a"), reader.lock("b")) == (lock, None)
