"""Housekeeping beside an orchestrator at work: old folders and rows go, and nothing that is in use."""

from __future__ import annotations

from datetime import timedelta

import pytest

from skafd import clock
from skafd.daemon import housekeeping
from skafd.daemon.housekeeping import KEPT_FOR, Housekeeping
from skafd.errors import DeployError
from skafd.model.project import OnDeploy
from skafd.model.states import TaskState
from skafd.store import Purpose
from tests.support.daemonized import Daemonized, job

GATED = "import os, time\nwhile not os.path.exists(os.environ['LEDGER'] + '.gate'):\n    time.sleep(0.02)\n"


@pytest.fixture
def keeper(daemon: Daemonized, monkeypatch: pytest.MonkeyPatch) -> Housekeeping:
    monkeypatch.setattr(housekeeping, "KEPT_RUNS", 2)
    monkeypatch.setattr(housekeeping, "KEPT_DEPLOYMENTS", 1)
    return Housekeeping(daemon.home, daemon.database, daemon.orchestrator.mailbox)


def test_old_runs_and_versions_go_while_a_job_goes_on(daemon: Daemonized, keeper: Housekeeping) -> None:
    it = job("it", on_deploy=OnDeploy.WAIT)
    daemon.deploy(it, version="first", script=GATED)
    daemon.run()
    daemon.wait_for("a job to run", lambda: daemon.states(1)[TaskState.RUNNING])
    daemon.deploy(it, version="second")
    for number in (2, 3, 4, 5):
        assert daemon.run() == number
        daemon.wait_for_end(number)
    daemon.deploy(it, version="third")

    later = clock.now() + KEPT_FOR + timedelta(hours=1)
    keeper.tidy(later)
    assert daemon.run_numbers() == [1, 4, 5]
    assert sorted(folder.name for folder in (daemon.home.runs / "churn").iterdir()) == ["1", "4", "5"]
    assert {folder.name for folder in (daemon.home.deployments / "churn").iterdir()} == {"first", "third"}

    daemon.ledger.with_suffix(".gate").touch()
    daemon.wait_for_end(1)
    keeper.tidy(later)
    assert {folder.name for folder in (daemon.home.deployments / "churn").iterdir()} == {"third"}
    assert daemon.run() == 6
    assert daemon.wait_for_end(6).run.state == "succeeded"


def test_a_version_whose_files_were_removed_meanwhile_does_not_go_live(
    daemon: Daemonized, keeper: Housekeeping
) -> None:
    it = job("it", on_deploy=OnDeploy.WAIT)
    for version in ("first", "second"):
        daemon.deploy(it, version=version)
    with daemon.database.reader() as reader:
        (row,) = reader.projects()
        first = reader.deployment(row.id, reader.deployments(row.id)[-1].number)
    keeper.tidy(clock.now())
    with pytest.raises(DeployError, match="was removed meanwhile"):
        daemon.put(lambda writer: daemon.releasing.take_back(writer, row, first), Purpose.ROLLBACK)
    assert daemon.run() == 1
    assert daemon.wait_for_end(1).run.deployment == 2


def test_it_ends_with_the_daemon(daemon: Daemonized, keeper: Housekeeping) -> None:
    daemon.deploy(job("it", on_deploy=OnDeploy.WAIT))
    keeper.begin()
    keeper.begin()
    keeper.close()
    assert keeper._thread is not None
    assert not keeper._thread.is_alive()
