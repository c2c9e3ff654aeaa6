"""`add-ons:` of a config."""

from __future__ import annotations

from skafd.config import Reading, read
from skafd.model.compute import ATTENDANT
from skafd.model.limits import Limits
from skafd.model.spark import SparkWish

GIB = 2**30


def reading(add_on: str, job: str = "") -> Reading:
    return read(
        f"name: a\nadd-ons: [{{{add_on}}}]\njobs: [{{name: b, entrypoint: b.py{job}}}]\n", None, "metis.config.yml"
    )


def spark(add_on: str) -> SparkWish:
    found = reading(f"name: spark-cluster{add_on}")
    assert found.problems == ()
    assert found.project is not None
    assert found.project.spark is not None
    return found.project.spark


def test_spark_needs_nothing_but_its_name() -> None:
    assert spark("") == SparkWish()
    assert spark("").is_local


def test_spark_may_be_bounded_and_set() -> None:
    wish = spark(", max_cpu: 40, max_memory: 140Gi, conf: {spark.sql.shuffle.partitions: 8, spark.ui.enabled: 'false'}")
    assert (wish.max_cpu, wish.max_memory_bytes) == (40, 140 * GIB)
    assert dict(wish.conf) == {"spark.sql.shuffle.partitions": "8", "spark.ui.enabled": "false"}


def test_spark_may_be_elsewhere() -> None:
    for master in ("spark://host:7077", "spark://a:1,b:2", "yarn", "k8s://https://host:443"):
        assert spark(f", master: '{master}'").master == master


def test_what_cannot_be_is_said() -> None:
    assert "the master of a Spark cluster" in reading("name: spark-cluster, master: 'local[2]'").problems[0].message
    assert "property of Spark" in reading("name: spark-cluster, conf: {driver.memory: 2g}").problems[0].message
    assert "`max_cpu` is of no use" in reading("name: spark-cluster, master: yarn, max_cpu: 2").problems[0].message
    assert "is not heeded" in reading("name: spark-cluster, conf: {spark.executor.memory: 9g}").problems[0].message
    assert "means nothing to the add-on `queue`" in reading("name: queue, master: yarn").problems[0].message
    assert "means nothing" in reading("name: spark-cluster, url: 'amqp://a@b/'").problems[0].message


def test_the_memory_of_a_job_with_executors_is_set_aside_twice() -> None:
    found = reading("name: spark-cluster", ", resources: {limits: {cpu: 2, memory: 3Gi}}").project
    assert found is not None
    assert found.jobs[0].resources.reserved() == Limits(cpu=2, memory_bytes=6 * GIB)
    assert found.jobs[0].resources.limits == Limits(cpu=2, memory_bytes=3 * GIB)


def test_a_job_on_a_ray_cluster_has_no_executors_here() -> None:
    found = reading("name: spark-cluster", ", compute: ray").project
    assert found is not None
    assert found.jobs[0].resources == ATTENDANT
