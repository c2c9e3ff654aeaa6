"""What an attempt of a project with Spark finds: variables, and a spark-defaults.conf of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from skafd.addons.spark.installation import find_installation
from skafd.addons.spark.place import spark_variables, write_settings
from skafd.addons.spark.settings import of_job, of_job_elsewhere
from skafd.daemon.memory import Memory
from skafd.daemon.spark.keeping import SparkKeeping
from skafd.errors import SandboxError, SkafdError
from skafd.home import Home
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey
from skafd.model.limits import Limits
from skafd.model.project import Job
from skafd.model.spark import SparkWish
from skafd.sandbox.small_files import make_folders
from skafd.sandbox.spec import AttemptSpec
from skafd.store.views import AliveAttempt

SETTINGS = "spark"
"""In the attempt's folder."""
_PATHS = ("PATH", "PYTHONPATH")
_SPARKS_OWN = ("SPARK_", "PYSPARK_", "JAVA_")


class Equipping:
    """For the orchestrator's thread alone."""

    def __init__(self, home: Home, keeping: SparkKeeping) -> None:
        self._home = home
        self._keeping = keeping

    def equip(self, spec: AttemptSpec, attempt: AttemptKey, memory: Memory) -> AttemptSpec:
        """The spec with Spark, which is asked for from now on; as it is without the add-on. Raises SandboxError."""
        deployment = memory.engine.deployment_of(attempt.task.run)
        job, wish = deployment.config.job(attempt.task.job), deployment.config.spark
        if wish is None or job.ray is not None:
            return spec
        wish = replace(wish, conf=(*_variables_of_executors(deployment, job), *wish.conf))
        try:
            _, environment, _ = memory.place_of(attempt)
            return self._equipped(spec, attempt, deployment, wish, environment)
        except (SkafdError, OSError) as error:
            raise SandboxError(f"Spark is not there for it: {error}") from error

    def restore(self, alive: Iterable[AliveAttempt], memory: Memory) -> None:
        """After a start of the daemon: attempts that run already go on asking for what they have."""
        for one in alive:
            try:
                deployment, _, user = memory.place_of(one.key)
            except SkafdError:
                continue  # It has ended meanwhile.
            wish = deployment.config.spark
            if wish is not None and wish.is_local and deployment.config.job(one.key.task.job).ray is None:
                self._keeping.begin(one.key, deployment.config, one.limits, user)

    def _equipped(
        self, spec: AttemptSpec, attempt: AttemptKey, deployment: Deployment, wish: SparkWish, environment: Path
    ) -> AttemptSpec:
        own = next(environment.glob("lib/python*/site-packages/pyspark"), None)
        spark = None if own else find_installation(self._home)
        packages = spark.packages if spark and _is_new_enough(environment, spark.lowest_python) else None
        spark_home = own or find_installation(self._home).spark_home
        if not (spark_home / "bin" / "spark-class").exists():
            raise SandboxError(f"{spark_home} is gone: save the project again to make a new deployment")
        folder = Path(spec.directory, SETTINGS)
        master, files, secrets = self._settings(spec, attempt, deployment, wish)
        make_folders(spec.directory)
        write_settings(folder, files, spec.user)
        variables = {
            **spark_variables(spark_home),
            "SPARK_MASTER": master,
            "SPARK_CONF_DIR": str(folder),
            # What is left of a driver that is killed goes with its folder.
            "SPARK_LOCAL_DIRS": f"{spec.directory}/work/.spark",
            "PYSPARK_PYTHON": str(environment / "bin" / "python"),
            "PYSPARK_DRIVER_PYTHON": str(environment / "bin" / "python"),
            "PATH": os.pathsep.join((spec.environment.get("PATH", os.defpath), str(spark_home / "bin"))),
        }
        if not wish.is_local:
            # Where its driver is reached from is for the config to say.
            del variables["SPARK_LOCAL_IP"]
        if packages is not None:
            path = (spec.environment.get("PYTHONPATH", ""), str(packages))
            variables["PYTHONPATH"] = os.pathsep.join(part for part in path if part)
        said = _said_by_project(deployment, attempt)
        environment_of_job = {
            **spec.environment,
            **{name: text for name, text in variables.items() if name not in said},
        }
        confinement = spec.confinement
        if confinement is not None:
            confinement = replace(confinement, readable=(*confinement.readable, str(folder)))
        return replace(spec, environment=environment_of_job, secrets=(*spec.secrets, *secrets), confinement=confinement)

    def _settings(
        self, spec: AttemptSpec, attempt: AttemptKey, deployment: Deployment, wish: SparkWish
    ) -> tuple[str, dict[str, str], tuple[str, ...]]:
        """The master's URL, the files, and what is to be masked."""
        limits = Limits(cpu=spec.limits.cpu, memory_bytes=spec.limits.memory_bytes)
        if wish.master is not None:
            secrets = tuple(text for name, text in wish.conf if _is_secret(name))
            return wish.master, of_job_elsewhere(limits, wish), secrets
        self._keeping.begin(attempt, deployment.config, limits, spec.user)
        cluster = self._keeping.cluster(spec.user)
        share = self._keeping.share(deployment.config, limits)
        # Under strict isolation a job may not write where the logs of all are.
        files = of_job(cluster, share, limits, wish, Path(spec.directory, "work"), spec.confinement is None)
        return cluster.master, files, (cluster.secret,)


def _is_new_enough(environment: Path, lowest: tuple[int, ...]) -> bool:
    """Its Python can load pyspark; another one would only find something that it cannot load."""
    found = [re.fullmatch(r"python(\d+)\.(\d+)", path.name) for path in environment.glob("lib/python*")]
    return all((int(match[1]), int(match[2])) >= lowest for match in found if match)


def _said_by_project(deployment: Deployment, attempt: AttemptKey) -> set[str]:
    """What the config sets counts; but for the two paths, to which it is added."""
    job = deployment.config.job(attempt.task.job)
    said = {name for name, _ in (*deployment.config.environment, *job.environment)}
    return said - set(_PATHS)


def _variables_of_executors(deployment: Deployment, job: Job) -> Iterator[tuple[str, str]]:
    """What the config says is for functions that executors run, too. Properties are shown on pages: no secrets."""
    for name, text in dict((*deployment.config.environment, *job.environment)).items():
        if name not in _PATHS and not name.startswith(_SPARKS_OWN):
            yield f"spark.executorEnv.{name}", text


def _is_secret(property_name: str) -> bool:
    return any(word in property_name.lower() for word in ("secret", "password", "token"))
