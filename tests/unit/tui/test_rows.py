"""The lines of the list, without a screen."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from skafd.tui.mirror import Mirror
from skafd.tui.rows import Order, RowMaker
from skafd.tui.sparkline import bar, sparkline
from tests.support import scenes

Json = dict[str, Any]


def _answer(number: int, *changed: str) -> Json:
    answer = scenes.busy_morning()
    names = [project["project"] for project in answer["projects"]]
    changes = [project for project in answer["projects"] if not changed or project["project"] in changed]
    return {**answer, "number": number, "names": names, "projects": changes, "services": []}


@pytest.fixture
def mirror() -> Mirror:
    return Mirror().merged(_answer(7))


def test_what_did_not_change_is_the_same_object(mirror: Mirror) -> None:
    later = mirror.merged(_answer(8, "churn"))
    assert later.number == 8
    assert later.projects["churn"] is not mirror.projects["churn"]
    assert later.projects["warehouse"] is mirror.projects["warehouse"]


def test_a_project_that_is_gone_is_gone(mirror: Mirror) -> None:
    answer = _answer(8, "churn")
    answer["names"].remove("warehouse")
    assert list(mirror.merged(answer).projects) == ["churn", "forecast", "fresh"]


def test_it_is_busy_while_something_runs_or_is_built(mirror: Mirror) -> None:
    assert mirror.is_busy
    assert not Mirror().is_busy


def test_lines_are_made_anew_only_for_what_changed(mirror: Mirror) -> None:
    maker = RowMaker()
    before = maker.rows(mirror)
    after = maker.rows(mirror.merged(_answer(8, "churn")))
    assert [row.key for row in before] == [row.key for row in after]
    assert {a.project["project"] for a, b in zip(before, after, strict=True) if a is not b} == {"churn"}


@pytest.mark.parametrize(
    ("needle", "keys"),
    [
        ("oom", ["churn", "churn/train"]),
        ("WARE load", ["warehouse", "warehouse/load orders", "warehouse/load clicks"]),
        ("fresh", ["fresh"]),
        ("never", ["churn", "churn/report", "warehouse", "warehouse/join"]),
        ("problem", ["forecast"]),
        ("no such thing", []),
    ],
)
def test_a_filter_finds_names_and_states(mirror: Mirror, needle: str, keys: list[str]) -> None:
    assert [row.key for row in RowMaker().rows(mirror, needle)] == keys


def test_a_folded_project_is_one_line_but_a_filter_looks_into_it(mirror: Mirror) -> None:
    maker = RowMaker()
    assert [row.key for row in maker.rows(mirror, folded={"churn"})][:2] == ["churn", "warehouse"]
    assert "churn/train" in [row.key for row in maker.rows(mirror, "train", {"churn"})]


def test_trouble_comes_first_if_that_is_wanted(mirror: Mirror) -> None:
    rows = RowMaker().rows(mirror, folded=set(mirror.projects), order=Order.TROUBLE)
    assert [row.key for row in rows] == ["churn", "forecast", "warehouse", "fresh"]


def test_a_project_opens_its_open_run_and_a_job_its_newest(mirror: Mirror) -> None:
    runs = {row.key: row.run for row in RowMaker().rows(mirror)}
    assert runs["warehouse"] == "warehouse/7"
    assert runs["churn/train"] == "churn/42"
    assert runs["fresh"] is None


def test_bars_are_as_high_as_their_values() -> None:
    assert sparkline([]) == ""
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([1, 4, 8]) == "▂▅█"
    assert (bar(0.5, 4), bar(7.0, 4), bar(-1.0, 4)) == ("██░░", "████", "░░░░")


def test_scenes_are_what_the_api_says() -> None:
    assert [asdict(project) for project in scenes.busy_projects()] == scenes.busy_morning()["projects"]
