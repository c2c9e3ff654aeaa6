"""`skafd models`, `skafd metrics` and `skafd show --artifacts`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from skafd.api.kept import PointInfo
from skafd.commands.exit_codes import ExitCode
from skafd.commands.render.plots import plot_series
from tests.support.fake_backend import FakeBackend
from tests.support.fake_kept import series
from tests.unit.commands.conftest import Shell

pytestmark = pytest.mark.usefixtures("daemon")


def test_models_are_listed_newest_first(shell: Shell) -> None:
    lines = shell("models", "list", "churn").out.splitlines()
    assert lines[0].split() == ["MODEL", "VERSION", "TAGS", "ACCESS", "SIZE", "SAVED", "BY"]
    assert [line.split()[1] for line in lines[1:]] == ["200", "100"]
    assert "latest, production" in lines[2]
    assert "churn/42/train" in lines[2]
    found = json.loads(shell("models", "list", "churn", "tree", "--json").out)
    assert [one["version"] for one in found] == ["200", "100"]


def test_the_old_way_to_list_models_is_understood(shell: Shell) -> None:
    listed = shell("models", "list", "tree", "--project", "churn", "--tag", "production", "-v", "100").out
    assert [line.split()[1] for line in listed.splitlines()[1:]] == ["100"]


def test_a_model_says_of_what_it_was_made(shell: Shell) -> None:
    shown = shell("models", "show", "churn", "tree", "--tag", "production").out
    assert shown.startswith("tree  100  latest, production\n")
    assert "  by          churn/42/train\n" in shown
    assert "deployment #7" in shown
    assert "artifact  rows" in shown


def test_a_model_is_downloaded_whole(shell: Shell, tmp_path: Path) -> None:
    assert shell("models", "download", "churn", "tree", "-o", str(tmp_path)).out == f"{tmp_path / 'tree'}\n"
    assert (tmp_path / "tree").read_text() == "tree 200"
    shell("models", "download", "churn", "tree", "--version", "100", "-o", str(tmp_path / "old.pkl"))
    assert (tmp_path / "old.pkl").read_text() == "tree 100"
    assert {path.name for path in tmp_path.iterdir()} >= {"tree", "old.pkl"}
    assert not list(tmp_path.glob(".*.unfinished"))


def test_tags_are_given_and_taken(shell: Shell, daemon: FakeBackend) -> None:
    assert shell("models", "tag", "churn", "tree", "checked").out == "tree 200 has the tag checked\n"
    assert daemon.kept.versions[0].tags == ["latest", "checked"]
    shell("models", "tag", "churn", "tree", "checked", "--remove")
    assert daemon.kept.versions[0].tags == ["latest"]
    assert shell("models", "tag", "churn", "tree").code == ExitCode.USAGE


def test_promoting_says_in_whose_place(shell: Shell) -> None:
    assert shell("models", "promote", "churn", "tree").out == "tree 200 is production, in place of 100\n"
    assert shell("models", "promote", "churn", "tree", "-v", "100", "--to", "old").out == "tree 100 is old\n"


def test_only_a_version_that_was_named_is_deleted(shell: Shell, daemon: FakeBackend) -> None:
    ended = shell("models", "delete", "churn", "tree", "--yes")
    assert ended.code == ExitCode.FAILED
    assert "which version?" in ended.err
    shell("models", "delete", "churn", "tree", "--version", "100", "--yes")
    assert [one.version for one in daemon.kept.versions] == ["200"]


def test_a_model_that_is_not_there_is_said_to_be(shell: Shell) -> None:
    ended = shell("models", "show", "churn", "bush")
    assert "churn has no model 'bush'" in ended.err


def test_metrics_are_listed(shell: Shell) -> None:
    assert shell("metrics", "churn").out.split() == ["METRIC", "RUNS", "POINTS", "loss", "2", "1,005"]


def test_a_metric_is_drawn_with_a_line_for_each_task(shell: Shell) -> None:
    drawn = shell("metrics", "churn", "loss").out
    assert "churn/41/train: 2 points, last 0.25, lowest 0.25, highest 0.5" in drawn
    assert "churn/42/train: 3 points, last 0.125, lowest 0.125, highest 0.5" in drawn
    assert "\x1b" not in drawn
    assert "churn/41" not in shell("metrics", "churn", "loss", "--run", "42").out


def test_the_last_values_of_runs_make_one_line(shell: Shell) -> None:
    lines = json.loads(shell("metrics", "churn", "loss", "--last", "--json").out)
    assert [(one["task"], [(point["x"], point["y"]) for point in one["points"]]) for one in lines] == [
        ("churn/train", [(41, 0.25), (42, 0.125)])
    ]


def test_pictures_are_drawn_into_files(shell: Shell, tmp_path: Path) -> None:
    ended = shell("metrics", "churn", "loss", "--png", str(tmp_path / "loss.png"), "--svg", str(tmp_path / "loss.svg"))
    assert ended.out == ""
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "loss.svg").read_text()


def test_places_may_be_days_and_values_may_be_missing() -> None:
    days = series(41, 1.0)
    days.points[:] = [PointInfo(f"2030-01-{day:02}", float(day), "") for day in range(1, 20)]
    drawn = plot_series([dataclasses.asdict(days)], "rows", None)
    assert "2030-01-01" in drawn
    nothing = [dataclasses.asdict(series(41, None))]
    assert plot_series(nothing, "rows", None) == "churn/41/train: no numbers"


def test_a_run_shows_what_it_kept_and_read(shell: Shell, tmp_path: Path) -> None:
    shown = shell("show", "churn/42", "--artifacts").out
    assert "rows" in shown
    assert "made of" in shown
    kept = json.loads(shell("show", "churn/42", "--artifacts", "--json").out)
    assert kept["records"][0]["packages"] == ["numpy==2.0"]
    shell("show", "churn/42", "--download", "7", "-o", str(tmp_path))
    assert (tmp_path / "rows").read_text() == "rows"
    assert "has kept no artifact 8" in shell("show", "churn/42", "--download", "8").err


def test_logs_are_chosen_by_level_and_label(shell: Shell, daemon: FakeBackend) -> None:
    chosen = shell("logs", "churn/42", "--level", "info", "--label", "saving")
    assert chosen.out == "2026-03-01T11:00:00 INFO [saving] done\n"
    assert daemon.kept.asked_messages == [("churn/42", "info", "saving", 1000)]
    assert shell("logs", "churn", "--level", "info", "-f").code == ExitCode.USAGE
