"""What a cluster is known by, and the files that Spark reads."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from skafd.addons.spark import installation
from skafd.addons.spark.cluster import ADDRESS, are_free, move, open_cluster
from skafd.addons.spark.installation import find_installation, install_pyspark
from skafd.addons.spark.place import SparkServices, write_settings
from skafd.addons.spark.settings import heap_of_queries_mebibytes, of_cluster, of_job, of_job_elsewhere, of_queries
from skafd.errors import Refused
from skafd.home import Home
from skafd.model.limits import Limits
from skafd.model.spark import Share, SparkWish

GIB = 2**30


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "s")
    home.create()
    return home


def test_a_cluster_keeps_its_ports_and_its_secret(home: Home) -> None:
    cluster = open_cluster(home, None)
    assert open_cluster(home, None) == cluster
    assert len({cluster.master_port, cluster.ui_port, cluster.history_port}) == 3
    assert cluster.secret not in repr(cluster)
    assert (cluster.folder / "cluster.json").stat().st_mode & 0o077 == 0


def test_a_cluster_moves_when_somebody_else_has_its_port(home: Home) -> None:
    cluster = open_cluster(home, None)
    assert are_free(cluster)
    with socket.socket() as stranger:
        stranger.bind((ADDRESS, cluster.ui_port))
        stranger.listen()
        assert not are_free(cluster)
        moved = move(home, cluster)
    assert moved.ui_port != cluster.ui_port
    assert moved.secret == cluster.secret
    assert open_cluster(home, None) == moved


def test_a_job_asks_for_one_executor_that_fills_its_share(home: Home) -> None:
    cluster = open_cluster(home, None)
    wish = SparkWish(conf=(("spark.sql.shuffle.partitions", "8"),))
    files = of_job(cluster, Share(4, 10 * GIB), Limits(memory_bytes=4 * GIB), wish, Path("/a/work"), has_log=True)
    said = dict(line.split(" ", 1) for line in files["spark-defaults.conf"].splitlines())
    assert said["spark.master"] == f"spark://127.0.0.1:{cluster.master_port}"
    assert (said["spark.cores.max"], said["spark.executor.cores"]) == ("4", "4")
    assert (said["spark.executor.memory"], said["spark.driver.memory"]) == ("6144m", "2048m")
    assert said["spark.sql.shuffle.partitions"] == "8"
    assert said["spark.authenticate.secret"] == cluster.secret
    assert f"/dev/tcp/127.0.0.1/{cluster.master_port}" in files["spark-env.sh"]
    assert (
        "spark.eventLog.enabled"
        not in of_job(cluster, Share(1, GIB), Limits(), wish, Path("/a"), False)["spark-defaults.conf"]
    )


def test_no_job_fits_into_the_executor_of_queries(home: Home) -> None:
    cluster, share = open_cluster(home, None), Share(2, 4 * GIB)
    files = (of_queries(cluster, share), of_job(cluster, share, Limits(), SparkWish(), Path("/a"), has_log=True))
    of_query, of_usual_job = (
        int(line.split()[1].removesuffix("m"))
        for each in files
        for line in each["spark-defaults.conf"].splitlines()
        if line.startswith("spark.executor.memory ")
    )
    assert of_query == heap_of_queries_mebibytes(share) < of_usual_job


def test_a_cluster_that_is_there_is_told_nothing_of_ours(home: Home) -> None:
    secret = open_cluster(home, None).secret
    text = of_job_elsewhere(Limits(), SparkWish("yarn", (("spark.yarn.queue", "nightly"),)))["spark-defaults.conf"]
    assert "spark.master yarn\n" in text
    assert "spark.yarn.queue nightly\n" in text
    assert secret not in text
    assert "127.0.0.1" not in text


def test_what_holds_the_secret_is_for_its_user_alone(home: Home) -> None:
    folder = open_cluster(home, None).folder / "conf"
    for _ in range(2):
        write_settings(folder, of_cluster(open_cluster(home, None), "boot"), None)
    assert (folder / "spark-defaults.conf").stat().st_mode & 0o777 == 0o400
    assert sorted(path.name for path in folder.iterdir()) == ["spark-defaults.conf"]


def test_every_part_of_the_cluster_is_a_service(home: Home) -> None:
    services = SparkServices(home, "boot", 60, lambda _: False)
    master, worker = services.make("spark-master"), services.make("spark-worker-2c-4096m-1")
    assert master is not None
    assert worker is not None
    assert master.url == open_cluster(home, None).ui
    assert (worker.cpu, worker.memory_bytes) == (2.0, 4 * GIB + 512 * 2**20)
    assert services.make("spark-history") is not None
    assert services.make("spark-something") is None
    assert services.make("data") is None
    other = services.make("spark-u4242-master")
    assert other is not None
    assert other.user is not None
    assert other.user.uid == 4242


def test_pyspark_is_put_beside_the_sdk_once(home: Home) -> None:
    first = install_pyspark(home)
    assert first.spark_class.exists()
    assert (first.packages / "py4j" / "__init__.py").exists()
    assert install_pyspark(home) == first == find_installation(home)
    assert [path.name for path in home.spark.iterdir()] == [f"pyspark-{first.version}"]


def test_without_the_extra_its_name_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> str:
        raise installation.PackageNotFoundError

    monkeypatch.setattr(installation, "version", missing)
    with pytest.raises(Refused, match=r"skafd\[spark\]"):
        find_installation(home)
