"""What an attendant is told."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from skafd.errors import SandboxError
from skafd.model.compute import RayCompute
from skafd.model.entrypoint import Language
from skafd.model.environment import EnvironmentKind, Lock
from skafd.model.ids import AttemptKey, JobId, ProjectId, RunKey, TaskKey
from skafd.model.limits import Limits
from skafd.model.project import Job
from skafd.ray.attending import Place, attend_command, attendant_sources, packages_for, submission_id
from tests.support.interpreters import OLDEST, need_interpreter

FOLDER = Path("/state/runs/churn/7/train.2/3")
PLACE = Place(Path("/env/bin/python"), Path("/state/jobs/ray/abc"), Path("/state/jobs/sdk/def"))
ATTEMPT = AttemptKey(TaskKey(RunKey(ProjectId("p"), 7), JobId("train"), 2), 3)
ADDRESS = "http://head:8265"


def asked(job: Job, lock: Lock | None = None, ray: RayCompute | None = None, **variables: str) -> dict[str, object]:
    inherited = {"HOME": "/home/somebody", "PATH": "/bin"}
    ray = ray or RayCompute(ADDRESS)
    command = attend_command(ray, job, ATTEMPT, FOLDER, PLACE, lock, {**inherited, **variables}, inherited)
    assert command[:3] == ("/env/bin/python", "-I", "-c")
    return dict(json.loads(command[-1]))


def lock(*packages: str, kind: EnvironmentKind = EnvironmentKind.UV) -> Lock:
    return Lock(kind, "3.11.7", "linux", packages)


def test_the_cluster_is_told_what_to_run_and_what_to_set_aside() -> None:
    job = Job(JobId("train"), "train", "train.py --fast | module: pkg.report | ./show.sh a", Language.PYTHON)
    told = asked(job, ray=RayCompute(ADDRESS, Limits(cpu=2.0, memory_bytes=100, gpu=1)))["submission"]
    assert isinstance(told, dict)
    assert (told["entrypoint_num_cpus"], told["entrypoint_memory"], told["entrypoint_num_gpus"]) == (2.0, 100, 1)
    steps = json.loads(told["runtime_env"]["env_vars"]["SKAFD_RAY_STEPS"])
    assert steps == [["{python}", "train.py", "--fast"], ["{python}", "-m", "pkg.report"], ["bash", "./show.sh", "a"]]
    assert "pip" not in told["runtime_env"]


def test_only_names_of_variables_are_on_the_command_line_and_none_of_this_machine() -> None:
    job = Job(JobId("train"), "train", "train.py")
    told = asked(job, SECRET="hush", PATH="/env/bin:/bin", SKAFD_TOKEN="t", SKAFD_SOCKET="/s", SKAFD_ITEM="eu")
    assert told["variables"] == ["SECRET", "SKAFD_ITEM"]
    assert "hush" not in json.dumps(told)


def test_earlier_attempts_are_ended_first() -> None:
    assert asked(Job(JobId("train"), "train", "train.py"))["earlier"] == [
        submission_id(FOLDER, 1),
        submission_id(FOLDER, 2),
    ]


def test_without_an_address_it_is_said_what_to_write() -> None:
    job = Job(JobId("train"), "train", "train.py")
    assert asked(job, ray=RayCompute(), RAY_API_SERVER_ADDRESS=ADDRESS)["address"] == ADDRESS
    with pytest.raises(SandboxError) as refused:
        asked(job, ray=RayCompute())
    assert "nobody says where the Ray cluster is" in refused.value.message


def test_packages_are_those_of_the_lock_without_what_the_cluster_has_itself() -> None:
    lines = (
        "six==1.16.0 --hash=sha256:ab --hash=sha256:cd",
        "ray==2.9.0",
        "ray-lightning==1.0",
        "-e file:///p",
        "skafossdk==1.0",
    )
    assert packages_for(lock(*lines)) == (["six==1.16.0", "ray-lightning==1.0"], ["-e file:///p"])
    with pytest.raises(SandboxError):
        packages_for(lock("python=3.11", kind=EnvironmentKind.CONDA))


@pytest.mark.parametrize("program", ["attend", "ending"])
def test_the_attendant_is_one_for_old_interpreters(program: str, tmp_path: Path) -> None:
    python = need_interpreter(OLDEST)
    package = tmp_path / "skafd_ray"
    package.mkdir()
    for source in attendant_sources():
        (package / source.name).write_bytes(source.read_bytes())
    done = subprocess.run(
        [
            python,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import skafd_ray.{program}, skafd_ray.remote",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
