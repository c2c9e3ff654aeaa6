"""Where Metaflow keeps what flows leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from skafd.metaflow.datastore import local_root, run_id, user_of
from skafd.model.ids import DeploymentNumber, ProjectId, RunKey
from skafd.model.run import Cause, CauseKind, Run
from skafd.model.states import RunState

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
RUN = Run(
    RunKey(ProjectId("churn"), 42), DeploymentNumber(1), Cause(CauseKind.MANUAL), RunState.RUNNING, (), created_at=NOON
)


def test_it_is_where_the_flow_would_find_it_by_itself(tmp_path: Path) -> None:
    project = tmp_path / "work" / "churn"
    project.mkdir(parents=True)
    assert local_root(project, {}) == project / ".metaflow"
    (tmp_path / "work" / ".metaflow").mkdir()
    assert local_root(project, {}) == tmp_path / "work" / ".metaflow"
    assert local_root(project, {"METAFLOW_DATASTORE_SYSROOT_LOCAL": "/data"}) == Path("/data/.metaflow")


def test_no_two_runs_are_called_the_same() -> None:
    others = [
        replace(RUN, created_at=NOON + timedelta(microseconds=1)),
        replace(RUN, key=RUN.key._replace(project=ProjectId("other"))),
    ]
    assert len({run_id(run) for run in (RUN, *others)}) == 3
    assert run_id(RUN).startswith("skafd-42-")
    assert run_id(RUN) == run_id(replace(RUN, state=RunState.FAILED))


@pytest.mark.parametrize("given", ["", "root"])
def test_the_user_is_never_root(tmp_path: Path, given: str) -> None:
    assert user_of(tmp_path, {"METAFLOW_USER": given, "SUDO_USER": "root", "USERNAME": "ada"}) not in ("", "root")
    assert user_of(tmp_path, {"METAFLOW_USER": "grace"}) == "grace"
