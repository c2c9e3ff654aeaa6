"""What clusters of Spark's leave on disk is removed after a while."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from skafd.addons.spark.cluster import open_cluster
from skafd.addons.spark.installation import find_installation
from skafd.daemon.spark.tidying import tidy_spark
from skafd.home import Home

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def aged(path: Path, days: int) -> Path:
    path.mkdir(parents=True)
    then = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (then, then))
    return path


def test_old_logs_outputs_and_versions_go(tmp_path: Path) -> None:
    home = Home(tmp_path / "s")
    home.create()
    cluster = open_cluster(home, None)
    old = [
        aged(cluster.events / "eventlog_v2_old", 40),
        aged(cluster.folder / "work" / "worker-1" / "app-old", 40),
        aged(home.spark / "pyspark-1.0", 40),
    ]
    kept = [aged(cluster.events / "eventlog_v2_new", 20), aged(find_installation(home).packages, 40)]
    tidy_spark(home, NOW - timedelta(days=30))
    assert [path for path in old if path.exists()] == []
    assert all(path.exists() for path in kept)
