"""`outputs:` names files inside the project, and nothing else."""

from __future__ import annotations

import pytest

from skafd.config import read
from skafd.config.problems import Code

CONFIG = "name: churn\njobs:\n  - {{name: a, entrypoint: a.py, outputs: {outputs}}}\n"


@pytest.mark.parametrize(
    ("written", "outputs"),
    [("model.bin", ("model.bin",)), ("[a, 'reports/**/*.html', a]", ("a", "reports/**/*.html")), ("a..b", ("a..b",))],
)
def test_paths_patterns_and_lists_are_understood(written: str, outputs: tuple[str, ...]) -> None:
    reading = read(CONFIG.format(outputs=written), None, "metis.config.yml")
    assert reading.problems == ()
    assert reading.project is not None
    assert reading.project.jobs[0].outputs == outputs


@pytest.mark.parametrize("written", ["/etc/passwd", "../other", "a/../../b", "a/.."])
def test_what_leads_out_of_the_project_is_refused(written: str) -> None:
    (problem,) = read(CONFIG.format(outputs=written), None, "metis.config.yml").problems
    assert problem.code is Code.VALUE
