"""`compute:` of a job."""

from __future__ import annotations

import pytest

from skafd.config import read
from skafd.model.compute import ATTENDANT, RayCompute
from skafd.model.limits import Limits
from skafd.model.project import Project

ON_RAY = "compute: {name: ray, address: 'http://head:8265'}\n"


def project(text: str) -> Project:
    found = read(text, None, "metis.config.yml")
    assert found.project is not None, found.problems
    return found.project


def mistakes(job: str) -> list[str]:
    found = read(f"jobs:\n  - {{name: a, compute: ray, {job}}}\n", None, "metis.config.yml")
    return [problem.message for problem in found.problems]


def test_what_a_job_asks_for_is_asked_of_the_cluster_and_hardly_anything_of_this_machine() -> None:
    jobs = "jobs:\n  - {name: a, entrypoint: a.py, resources: {limits: {cpu: 4, memory: 8Gi, gpu: 1}}}\n"
    (job,) = project(ON_RAY + jobs).jobs
    assert job.ray == RayCompute("http://head:8265", Limits(cpu=4.0, memory_bytes=8 * 2**30, gpu=1))
    assert job.resources == ATTENDANT
    assert job.resources.reserved().gpu == 0


def test_a_job_may_stay_here_while_the_others_go() -> None:
    jobs = "jobs:\n  - {name: a, entrypoint: a.py, compute: local}\n  - {name: b, entrypoint: b.py}\n"
    here, there = project(ON_RAY + jobs).jobs
    assert (here.ray, there.ray) == (None, RayCompute("http://head:8265"))


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ("entrypoint: a.ipynb", "the notebook `a.ipynb` runs on this machine only"),
        ("entrypoint: flow.py, type: metaflow", "`type: metaflow` runs on this machine"),
        ("entrypoint: a.py, isolation: strict", "`isolation: strict` holds on this machine, not on a cluster"),
        ("entrypoint: a.py, outputs: x.csv", "`outputs:` are files of this machine"),
    ],
)
def test_what_cannot_be_elsewhere_is_refused(job: str, message: str) -> None:
    assert mistakes(job) == [message]


def test_an_address_is_that_of_a_dashboard() -> None:
    text = "jobs:\n  - {name: a, entrypoint: a.py, compute: {name: ray, address: 'ray://head:10001'}}\n"
    (problem,) = read(text, None, "metis.config.yml").problems
    assert problem.message == "`ray://head:10001` is not the address of a Ray dashboard"
