"""What a config says of environments, and how the jobs inherit it."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.config import Code, Reading, read
from skafd.model.environment import EnvironmentWish


def read_jobs(folder: Path, top: str, job: str = "") -> Reading:
    (folder / "main.py").touch()
    (folder / "base.txt").touch()
    return read(f"{top}\njobs:\n  - name: a\n    entrypoint: main.py\n{job}", folder, "metis.config.yml")


def test_jobs_have_what_the_project_says(tmp_path: Path) -> None:
    reading = read_jobs(tmp_path, 'python: "3.8"\nrequirements: base.txt\nresolve_as_of: 2018-11-01')
    assert reading.project is not None
    expected = EnvironmentWish("3.8", requirements_file="base.txt", resolve_as_of="2018-11-01")
    assert reading.project.wish_of(reading.project.jobs[0]) == expected


def test_a_job_says_otherwise_and_inherits_the_rest(tmp_path: Path) -> None:
    job = "    requirements: [pandas, 'numpy<2']\n    resolve_as_of: auto\n"
    reading = read_jobs(tmp_path, 'python: "3.8"\nrequirements: base.txt', job)
    assert reading.project is not None
    expected = EnvironmentWish("3.8", packages=("pandas", "numpy<2"), resolve_as_of="auto")
    assert reading.project.wish_of(reading.project.jobs[0]) == expected


@pytest.mark.parametrize(
    ("top", "code", "said"),
    [
        ("requirements: nowhere.txt", Code.MISSING_FILE, "there is no file `nowhere.txt`"),
        ("requirements: ../base.txt", Code.VALUE, "outside the project's folder"),
        ("resolve_as_of: yesterday", Code.VALUE, "expected a day such as 2018-11-01"),
        ("resolve_as_of: 2018-02-30", Code.VALUE, "no day of the calendar"),
    ],
)
def test_mistakes_are_named_where_they_stand(tmp_path: Path, top: str, code: Code, said: str) -> None:
    reading = read_jobs(tmp_path, top)
    assert [(problem.code, problem.line) for problem in reading.problems] == [(code, 1)]
    assert said in reading.problems[0].message
