"""Every folder of examples/, run as its README says, with the installed command."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.installed import EXAMPLES, Installed

ELSEWHERE = {"spark_engine", "spark_wordcount"}
"""Tested beside other things that need a Java, by test_spark.py."""
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/metis.config.yml") if path.parent.name not in ELSEWHERE)


def _check_churn(installed: Installed, folder: Path, run: dict) -> None:
    assert _order(run) == ["ingest", "train", "score", "report"]
    page = (folder / "data" / "report.html").read_text()
    assert "data:image/png;base64," in page
    assert f"report: {folder / 'data' / 'report.html'}" in installed.ok("logs", run["summary"]["run"])
    train = run["tasks"][1]["attempts"][0]
    assert train["limit_memory_bytes"] == 2**30
    (ingest,) = [job for job in installed.project("churn")["jobs"] if job["name"] == "ingest"]
    assert "T11:00:00" in ingest["next_at"]


def _check_predict(installed: Installed, folder: Path, run: dict) -> None:  # noqa: ARG001
    log = installed.ok("logs", run["summary"]["run"])
    assert "INFO - [modeltraining] - trained: loss " in log
    assert "mean error 0." in log
    assert "rent" in installed.ok("models", "show", "predict", "rent")
    assert "200 points" in installed.ok("metrics", "predict", "loss")
    kept = installed.json("show", run["summary"]["run"], "--artifacts")
    assert [one["name"] for one in kept["artifacts"]] == ["held back", "report.txt"]
    assert {(one["kind"], one["name"]) for one in kept["inputs"]} == {
        ("artifact", "held back"),
        ("model", "rent"),
        ("output", "output"),
    }
    (record, _) = kept["records"]
    assert record["parameters"] == {"epochs": "200", "rate": "0.5"}


def _check_hello(installed: Installed, folder: Path, run: dict) -> None:  # noqa: ARG001
    name = run["summary"]["run"]
    assert f"Hello from {name}/greet, deployment 1" in installed.ok("logs", name)


def _check_fan(installed: Installed, folder: Path, run: dict) -> None:  # noqa: ARG001
    assert sorted(task["instance"] for task in run["tasks"] if task["name"] == "count") == [0, 1, 2]
    assert f"total {sum(range(9000))}" in installed.ok("logs", run["summary"]["run"])


def _check_parking(installed: Installed, folder: Path, run: dict) -> None:  # noqa: ARG001
    sql = "SELECT count(*) AS places, count(DISTINCT counted_by) AS counters FROM free_places"
    (row,) = json.loads(installed.ok("data", "parking", "--sql", sql, "--format", "json"))
    assert row["places"] == 300
    assert 1 <= row["counters"] <= 3
    assert [(one["ready"], one["held"], one["dead"]) for one in installed.json("queue", "parking")] == [(0, 0, 0)] * 2


def _check_steps(installed: Installed, folder: Path, run: dict) -> None:
    log = installed.ok("logs", run["summary"]["run"])
    assert log.index("a is done") < log.index("b came after a and the pause")
    assert not (folder / "started.txt").exists(), "a run writes into its own folder"


def _check_legacy_flat(installed: Installed, folder: Path, run: dict) -> None:  # noqa: ARG001
    assert "hello from 2017" in installed.ok("logs", run["summary"]["run"])


def _check_limits(installed: Installed, folder: Path, run: dict) -> None:  # noqa: ARG001
    (task,) = run["tasks"]
    (attempt,) = task["attempts"]
    assert task["state"] == attempt["state"] == "oom_killed"
    assert attempt["limit_memory_bytes"] == 64 * 2**20
    assert 60 * 2**20 < attempt["peak_memory_bytes"] <= 64 * 2**20
    assert "64Mi" in installed.ok("show", run["summary"]["run"])
    assert "nothing stopped it" not in installed.ok("logs", run["summary"]["run"])


def _check_predictions(installed: Installed, folder: Path, run: dict) -> None:  # noqa: ARG001
    assert "[training] - a model from 500 customers" in installed.ok("logs", run["summary"]["run"])
    assert "predictions" in installed.ok("data", "predictions")


CHECKS: dict[str, Callable[[Installed, Path, dict], None]] = {
    "churn": _check_churn,
    "fan": _check_fan,
    "hello": _check_hello,
    "legacy-flat": _check_legacy_flat,
    "limits": _check_limits,
    "parking": _check_parking,
    "predict": _check_predict,
    "predictions": _check_predictions,
    "steps": _check_steps,
}
FAILING = {"limits"}
NEED_ROOT = {"limits"}


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    """One daemon for all of them, as their readers have it."""
    with Installed() as shared:
        yield shared


def _order(run: dict) -> list[str]:
    attempts = {task["name"]: task["attempts"][-1] for task in run["tasks"]}
    return sorted(attempts, key=lambda name: attempts[name]["started_at"])


def test_each_example_has_its_expectation() -> None:
    assert list(CHECKS) == NAMES
    listed = (EXAMPLES / "README.md").read_text()
    assert all(f"[{name}]({name}/" in listed for name in (*NAMES, *ELSEWHERE))


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.needs_root) if name in NEED_ROOT else name for name in NAMES],
)
def test_an_example_runs_as_its_readme_says(name: str, installed: Installed) -> None:
    if name in NEED_ROOT and os.geteuid() != 0:
        pytest.skip("limits are enforced for root only")
    folder = installed.copy_example(name)
    before = _tree(folder)

    installed.ok("up", folder, "--detach")
    done = installed.command("run", name, "--wait")

    newest = installed.json("runs", name)[0]["run"]
    assert done.returncode == (1 if name in FAILING else 0), done.stdout + done.stderr
    CHECKS[name](installed, folder, installed.show(newest))
    assert _tree(folder) == before, "a run changed the project's own files"


def _tree(folder: Path) -> dict[str, bytes]:
    """All files but those in data/, which jobs may write."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0] != "data"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
