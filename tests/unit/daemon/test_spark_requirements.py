"""What is asked before a project with Spark goes live."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.addons.spark.installation import find_installation
from skafd.daemon.spark import requirements
from skafd.daemon.spark.requirements import check_spark
from skafd.errors import DeployError
from skafd.home import Home
from skafd.model.environment import EnvironmentKind, Lock, PreparedEnvironments
from skafd.model.ids import JobId
from skafd.model.project import Generation, Job, Project
from skafd.model.spark import SparkWish


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = Home(tmp_path / "s")
    home.create()
    monkeypatch.setattr(requirements, "find_java", lambda: "a Java")
    return home


def project(wish: SparkWish | None) -> Project:
    return Project("churn", Generation.JOBS, (Job(JobId("a"), "train", "train.py"),), spark=wish)


def environments(*packages: str, python: str = "3.11.2") -> PreparedEnvironments:
    lock = Lock(EnvironmentKind.UV, python, "linux", packages)
    return PreparedEnvironments("key", (), (("key", lock),))


def test_a_project_without_it_is_asked_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "find_java", lambda: None)
    check_spark(home, project(None), environments())


def test_without_java_the_command_that_installs_it_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "find_java", lambda: None)
    monkeypatch.setattr(requirements, "how_to_install", lambda: "apt-get install it")
    with pytest.raises(DeployError, match="Java 17") as refused:
        check_spark(home, project(SparkWish()), environments())
    assert refused.value.hint == "apt-get install it"


def test_a_project_may_list_the_same_pyspark_or_none(home: Home) -> None:
    check_spark(home, project(SparkWish()), environments())
    assert find_installation(home).spark_class.exists()
    check_spark(home, project(SparkWish()), environments(f"pyspark=={find_installation(home).version}"))


def test_another_pyspark_is_refused_with_the_version_to_write(home: Home) -> None:
    with pytest.raises(DeployError, match=r"train asks for pyspark 3\.5\.1") as refused:
        check_spark(home, project(SparkWish()), environments("pyspark==3.5.1 --hash=sha256:0"))
    assert f"pyspark=={find_installation(home).version}" in str(refused.value.hint)
    check_spark(home, project(SparkWish("spark://host:7077")), environments("pyspark==3.5.1"))


def test_a_python_that_is_too_old_for_pyspark_is_refused_where_pyspark_is_asked_for(home: Home) -> None:
    same = f"pyspark=={find_installation(home).version}"
    with pytest.raises(DeployError, match=r"Python 3\.8\.1"):
        check_spark(home, project(SparkWish()), environments(same, python="3.8.1"))
    check_spark(home, project(SparkWish()), environments(python="3.6.15"))
