"""What an attempt of a project with Spark finds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from skafd.addons.spark import place
from skafd.addons.spark.installation import install_pyspark
from skafd.daemon.memory import Memory
from skafd.daemon.services import Services
from skafd.daemon.spark.equipping import Equipping
from skafd.daemon.spark.keeping import SparkKeeping
from skafd.home import Home
from skafd.model.compute import RayCompute
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, DeploymentNumber, JobId, ProjectId, RunKey, TaskKey
from skafd.model.limits import Capacity
from skafd.model.project import Generation, Job, Project
from skafd.model.spark import SparkWish
from skafd.sandbox.spec import AttemptSpec

ATTEMPT = AttemptKey(TaskKey(RunKey(ProjectId("churn"), 1), JobId("a")), 1)
NOBODY = SimpleNamespace(state_of=lambda _name: None)
Equip = Callable[..., AttemptSpec]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(place, "find_java", lambda: SimpleNamespace(home=Path("/java")))
    home = Home(tmp_path / "s")
    home.create()
    install_pyspark(home)
    return home


@pytest.fixture
def equip(home: Home, tmp_path: Path) -> Equip:
    """The attempt of a job with Python `python`; what else is said is of the job, or of the project's Spark."""

    def make(python: str = "3.11", wish: SparkWish | None = None, **of_job: object) -> AttemptSpec:
        job = Job(JobId("a"), "train", "train.py", **of_job)  # type: ignore[arg-type]
        environment = (("COLOUR", "red"), ("SPARK_HOME", "/mine"))
        config = Project("churn", Generation.JOBS, (job,), spark=wish or SparkWish(), environment=environment)
        number, now = DeploymentNumber(1), datetime(2026, 1, 1, tzinfo=UTC)
        deployment = Deployment(ProjectId("churn"), number, "hash", config, "key", now)
        packages = tmp_path / "environment" / "lib" / f"python{python}" / "site-packages"
        packages.mkdir(parents=True)
        memory = SimpleNamespace(
            engine=SimpleNamespace(deployment_of=lambda _run: deployment),
            place_of=lambda _attempt: (None, tmp_path / "environment", None),
        )
        keeping = SparkKeeping(home, Capacity(8, 32 * 2**30), cast(Services, NOBODY))
        spec = AttemptSpec(
            "it", str(tmp_path / "attempt"), (("true",),), {"SKAFD_TOKEN": "t", **dict(environment)}, "it"
        )
        return Equipping(home, keeping).equip(spec, ATTEMPT, cast(Memory, memory))

    return make


def settings(spec: AttemptSpec) -> dict[str, str]:
    text = (Path(spec.directory) / "spark" / "spark-defaults.conf").read_text()
    return dict(line.split(" ", 1) for line in text.splitlines())


def test_a_program_finds_pyspark_and_its_cluster(equip: Equip) -> None:
    spec = equip()
    assert spec.environment["SPARK_MASTER"] == settings(spec)["spark.master"]
    assert "/pyspark-" in spec.environment["PYTHONPATH"]
    assert spec.environment["SPARK_HOME"] == "/mine", "the config is heeded"


def test_executors_are_told_what_the_config_sets_and_nothing_else(equip: Equip) -> None:
    wish = SparkWish(conf=(("spark.executorEnv.SIZE", "large"),))
    said = settings(equip(wish=wish, environment=(("SIZE", "small"), ("PATH", "/bin"), ("SHAPE", "round"))))
    names = {name: value for name, value in said.items() if name.startswith("spark.executorEnv.")}
    assert {name.rsplit(".", 1)[1] for name in names} == {"COLOUR", "SHAPE", "SIZE", "PYTHONPATH"}
    assert names["spark.executorEnv.SIZE"] == "large", "what `conf` says of Spark comes first"


def test_a_python_that_cannot_load_pyspark_is_given_none(equip: Equip) -> None:
    assert "PYTHONPATH" not in equip(python="3.6").environment


def test_a_job_on_a_ray_cluster_gets_nothing(equip: Equip) -> None:
    assert "SPARK_MASTER" not in equip(ray=RayCompute()).environment
