"""What a step has left is told by names, and whatever lies there instead is nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from skafd.metaflow.left import Pathspec, StepArtifact, StepLeft, read_left

TASK = Pathspec("Flow", "skafd-1-a", "fit", "t3")


def data_file(root: Path, attempt: int) -> Path:
    path = root / "Flow" / "skafd-1-a" / "fit" / "t3" / f"{attempt - 1}.data.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_it_is_that_of_the_attempt_without_what_is_metaflows_own(tmp_path: Path) -> None:
    info = {"model": {"size": 7, "type": "<class 'sklearn.Tree'>"}, "_transition": {"size": 9, "type": "x"}}
    data_file(tmp_path, 1).write_text("{}")
    data_file(tmp_path, 2).write_text(
        json.dumps({"objects": {"model": "a", "_transition": "b", "x": "c"}, "info": info})
    )
    card = tmp_path / "mf.cards/Flow/runs/skafd-1-a/steps/fit/tasks/t3/cards/default-1.html"
    card.parent.mkdir(parents=True)
    card.touch()
    left = read_left(tmp_path, TASK, 2)
    assert left == StepLeft((StepArtifact("model", "sklearn.Tree", 7), StepArtifact("x", "", 0)), (card,))
    assert read_left(tmp_path, TASK, 1) == StepLeft(cards=(card,))


@pytest.mark.parametrize("content", ["", "no json", "[1]"])
def test_what_cannot_be_understood_is_nothing(tmp_path: Path, content: str) -> None:
    data_file(tmp_path, 1).write_text(content)
    assert read_left(tmp_path, TASK, 1) == StepLeft()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(json.dumps({"objects": {"password": "a"}}))
    data_file(tmp_path, 1).symlink_to(tmp_path / "secret")
    assert read_left(tmp_path, TASK, 1) == StepLeft()
    assert read_left(tmp_path / "nowhere", TASK, 1) == StepLeft()
