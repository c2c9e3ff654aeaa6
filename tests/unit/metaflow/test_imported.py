"""When a fork server of flows no longer is what a new process would be."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.metaflow.inside.imported import Freshness


def test_settings_that_change_are_noticed_and_tokens_that_deployments_write_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METAFLOW_HOME", str(tmp_path / "home"))
    freshness = Freshness()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "skafd-churnflow").write_text("a token")
    assert not _is_lost(freshness)
    (tmp_path / "home" / "config_work.json").write_text("{}")
    assert _is_lost(freshness)
    again = Freshness()
    assert not _is_lost(again)
    (tmp_path / "home" / "config_work.json").write_text('{"METAFLOW_USER": "ada"}')
    assert _is_lost(again)


def _is_lost(freshness: Freshness) -> bool:
    """Without waiting until it looks again."""
    freshness._next_look = 0.0
    return bool(freshness.is_lost())
