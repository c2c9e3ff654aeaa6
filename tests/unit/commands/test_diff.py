"""`skafd diff`."""

from __future__ import annotations

import json

import pytest

from skafd.api.differences import (
    ArtifactDiff,
    FileDiff,
    MetricDiff,
    PackageDiff,
    ParameterDiff,
    RunDiff,
    TaskDiff,
    TaskResult,
)
from tests.support.fake_backend import FakeBackend, summary
from tests.unit.commands.conftest import Shell


def test_two_equal_runs_say_so(shell: Shell, daemon: FakeBackend) -> None:
    assert daemon.difference is None
    said = shell("diff", "churn/42", "churn/42").out
    assert "code: the same, deployment #12" in said
    assert "artifacts, by sha256: the same" in said
    assert shell("diff", "churn/42", "churn").code != 0


def test_everything_that_differs_is_shown(shell: Shell, daemon: FakeBackend) -> None:
    daemon.difference = RunDiff(
        summary(41),
        summary(42),
        [
            FileDiff("train.py", "changed", False, False, "--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n-a\n+b\n"),
            FileDiff("logo.png", "added", True, False, ""),
        ],
        [PackageDiff("pandas", "1.5.3", None, ["train"])],
        [ParameterDiff("epochs", "10", "20")],
        [TaskDiff("train", TaskResult("failed", 2.0), TaskResult("succeeded", None)), TaskDiff("new", None, None)],
        [MetricDiff("train", "loss", 0.5, None)],
        [ArtifactDiff("train", "model", "a" * 64, "b" * 64)],
        ["something is left out"],
    )
    lines = [" ".join(line.split()) for line in shell("diff", "churn/41", "churn/42").out.splitlines()]
    assert lines[0] == "churn/41 -> churn/42"
    for line in (
        "+b",
        "logo.png: added, binary",
        "pandas 1.5.3 - train",
        "epochs 10 20",
        "loss train 0.5 -",
        f"model train {'a' * 12} {'b' * 12}",
        "Note: something is left out.",
    ):
        assert line in lines
    assert any(line.startswith("train") and "failed" in line and "succeeded" in line for line in lines)
    assert json.loads(shell("diff", "churn/41", "churn/42", "--json").out)["parameters"][0]["second"] == "20"


@pytest.mark.usefixtures("daemon")
def test_what_a_deployment_changed(shell: Shell) -> None:
    ended = shell("diff", "churn#12")
    assert ended.code == 0
    assert ended.out.startswith("churn #11 -> #12\n\ncode\n--- a/train.py")
    assert "pandas   1.5.3  2.0.0  train" in ended.out
    assert "churn #10 -> #12" in shell("diff", "churn#10", "churn#12").out
    assert json.loads(shell("diff", "churn#12", "--json").out)["packages"][0]["name"] == "pandas"
    assert "has no deployment before #11" in shell("diff", "churn#11").err


@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["churn#x"], 1, "churn#x is no deployment"),
        (["churn#12", "churn/42"], 1, "churn/42 is no deployment"),
        (["churn/42"], 2, "and which other run?"),
        (["nothing#1"], 1, "there is no project nothing"),
    ],
)
def test_what_is_no_pair_is_said(shell: Shell, words: list[str], code: int, said: str) -> None:
    ended = shell("diff", *words)
    assert (ended.code, said in ended.err) == (code, True), ended.err
