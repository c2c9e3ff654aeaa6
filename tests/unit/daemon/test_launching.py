"""From an attempt to what its supervisor is told, and the folder that is its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skafd.daemon.facts import ProjectFacts
from skafd.daemon.for_jobs.access import JobsAccess
from skafd.daemon.launching import attempt_folder, attempt_name, attempt_spec, job_folders
from skafd.environments.notebook.layers import RUNNER, kernel_layer
from skafd.errors import SandboxError
from skafd.home import Home
from skafd.metaflow.provision import provide
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, DeploymentNumber, JobId, ProjectId, TaskKey
from skafd.model.particulars import Particulars
from skafd.model.project import Job
from skafd.sandbox.spec import AttemptSpec
from tests.support.stored import CONFIG, NOON, new_run

CHURN = ProjectId("token")
RUN = new_run(CHURN, 42)


def folders_of(*names: str) -> list[str]:
    jobs = [Job(JobId(f"id {number}"), name, "it.py") for number, name in enumerate(names)]
    return list(job_folders(jobs).values())


def test_a_job_has_a_folder_of_its_name() -> None:
    assert folders_of("ingest", "Load all: EU/US", " train ") == ["ingest", "Load-all-EU-US", "train"]


def test_a_name_of_which_nothing_fits_a_path_is_a_job() -> None:
    assert folders_of("день") == ["job"]
    assert [folder[:4] for folder in folders_of("..", "день")] == ["job-", "job-"]


def test_names_that_come_to_the_same_are_told_apart_by_their_ids() -> None:
    folders = folders_of("a b", "a/b", "a-b", "other")
    assert len({*folders}) == 4
    assert all(folder.startswith("a-b-") for folder in folders[:3])
    assert folders[3] == "other"


@given(st.lists(st.text(max_size=300), min_size=1, max_size=8))
def test_every_job_has_a_folder_of_its_own_that_stays_where_it_belongs(names: list[str]) -> None:
    folders = folders_of(*names)
    assert len({*folders}) == len(names)
    for folder in folders:
        assert folder not in ("", ".", "..")
        assert "/" not in folder
        assert len(folder.encode()) < 200


def attempt_of(run_number: int = 42, instance: int = 0) -> AttemptKey:
    return AttemptKey(TaskKey(RUN.key._replace(number=run_number), JobId("ingest"), instance), 2)


def test_an_attempt_has_a_folder_by_which_it_is_called() -> None:
    home = Home(Path("/state"))
    folder = attempt_folder(home, "churn", "ingest", attempt_of(instance=3))
    assert folder == Path("/state/runs/churn/42/ingest.3/2")
    assert attempt_name(home, folder) == "churn/42/ingest.3/2"
    with pytest.raises(ValueError, match="elsewhere"):
        attempt_name(home, Path("/elsewhere/runs/churn/42/ingest.3/2"))


def spec_of(
    home: Home, entrypoint: str = "ingest.py --fast", layers: tuple[tuple[str, str], ...] = (), **changes: object
) -> AttemptSpec:
    job = replace(CONFIG.jobs[0], entrypoint=entrypoint, **changes)  # type: ignore[arg-type]
    linked = ("data", "models/big.bin")
    deployment = Deployment(CHURN, DeploymentNumber(1), "hash", CONFIG, "key", NOON, linked=linked, layers=layers)
    facts = ProjectFacts("churn", Path("/projects/churn"), {"API_KEY": "s3cret"})
    folder = attempt_folder(home, "churn", "ingest", attempt_of())
    particulars = Particulars(limits=job.resources.limits)
    access = JobsAccess.prepare(home)
    provision = provide(home.sdk)
    return attempt_spec(
        home, facts, deployment, RUN, job, folder, attempt_of(), particulars, access=access, provision=provision
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    for folder in ("deployments/churn/hash", "environments/key"):
        (tmp_path / folder).mkdir(parents=True)
    return Home(tmp_path)


def test_the_supervisor_is_told_everything(home: Home) -> None:
    spec = spec_of(home, timeout_seconds=60.0, grace_seconds=3.0)
    assert spec.commands == ((f"{home.path}/environments/key/bin/python", "ingest.py", "--fast"),)
    assert spec.snapshot == f"{home.path}/deployments/churn/hash"
    assert spec.links == {"data": "/projects/churn/data", "models/big.bin": "/projects/churn/models/big.bin"}
    assert (spec.limits.memory_bytes, spec.limits.cpu) == (64 * 2**20, 0.5)
    assert spec.limits.pids
    assert spec.secrets == ("s3cret", spec.environment["SKAFD_TOKEN"])
    assert spec.environment["API_KEY"] == "s3cret"
    assert (spec.timeout_seconds, spec.grace_seconds) == (60, 3)
    assert spec.notify_socket == str(home.supervisors_socket)


def test_steps_are_commands_one_after_another(home: Home) -> None:
    python = f"{home.path}/environments/key/bin/python"
    assert spec_of(home, "a.py | sleep 5 | b.py 'x y'").commands == (
        (python, "a.py"),
        ("/bin/sh", "-c", "sleep 5"),
        (python, "b.py", "x y"),
    )


def test_a_notebook_is_executed_beside_the_project_and_kept_with_the_attempt(home: Home) -> None:
    packages = home.environments / "kernel" / "lib" / "python3.8" / "site-packages"
    packages.mkdir(parents=True)
    layers = ((RUNNER, "runner"), (kernel_layer("key"), "kernel"))
    spec = spec_of(home, "a.py | charts/draw.ipynb", layers=layers)
    [_, (python, isolated, program, *rest)] = spec.commands
    assert (python, isolated) == (f"{home.path}/environments/runner/bin/python", "-I")
    assert program.endswith("/execute.py")
    result = f"{spec.directory}/notebooks/2-draw.ipynb"
    assert rest == ["charts/draw.ipynb", f"{home.path}/environments/key/bin/python", str(packages), result]
    assert "notebooks/" in spec.writable
    of_project = spec_of(home, "charts/draw.ipynb", layers=layers[:1]).commands[0]
    assert of_project[-2] == "", "a project with a kernel of its own needs no other"


def test_cgroups_of_different_attempts_have_different_names(home: Home) -> None:
    names = {attempt_folder(home, "churn", "ingest", attempt_of(number, 0)) for number in range(1, 50)}
    assert len(names) == 49
    assert spec_of(home).cgroup_name != spec_of(Home(home.path)).name


@pytest.mark.parametrize("gone", ["deployments/churn/hash", "environments/key"])
def test_what_is_gone_is_named(home: Home, gone: str) -> None:
    (home.path / gone).rmdir()
    with pytest.raises(SandboxError, match=f"{gone} is gone"):
        spec_of(home)


@pytest.mark.parametrize(
    ("entrypoint", "said"), [("report.ipynb", "did not run notebooks"), ("'open", "cannot be run")]
)
def test_what_cannot_be_run_is_said(home: Home, entrypoint: str, said: str) -> None:
    with pytest.raises(SandboxError, match=said):
        spec_of(home, entrypoint)
