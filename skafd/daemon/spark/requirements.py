"""What Spark needs of the machine and of a project, asked before a deployment goes live."""

from __future__ import annotations

from collections.abc import Iterator

from skafd.addons.spark.installation import Installation, install_pyspark
from skafd.errors import DeployError, Refused
from skafd.home import Home
from skafd.machine.java import find_java, how_to_install
from skafd.model.environment import Lock, PreparedEnvironments
from skafd.model.project import Project

_PYSPARK = "pyspark"


def check_spark(home: Home, config: Project, environments: PreparedEnvironments) -> None:
    """Puts pyspark where jobs find it. Raises DeployError with what is missing, and what to do about it."""
    if config.spark is None:
        return
    if find_java() is None:
        raise DeployError("Spark needs Java 17 or later, and there is none on this machine", how_to_install())
    try:
        _check(home, config, list(_locks(config, environments)))
    except Refused as refused:
        raise DeployError(refused.message, refused.hint) from refused
    except OSError as error:
        raise DeployError(f"pyspark cannot be put where jobs find it: {error}") from error


def _check(home: Home, config: Project, locks: list[tuple[str, Lock | None]]) -> None:
    assert config.spark is not None
    own = [_versions(lock).get(_PYSPARK) for _, lock in locks]
    if not config.spark.is_local and all(own):
        return
    spark = install_pyspark(home)
    for job, lock in locks:
        if _PYSPARK in _versions(lock):
            _check_python(spark, job, lock)
        if config.spark.is_local:
            _check_version(spark, job, lock)


def _check_version(spark: Installation, job: str, lock: Lock | None) -> None:
    asked = _versions(lock).get(_PYSPARK)
    if asked is not None and asked != spark.version:
        raise Refused(
            f"{job} asks for pyspark {asked}, and the cluster of this machine is Spark {spark.version}",
            f"write pyspark=={spark.version} into its requirements, or leave pyspark out: that version is there anyway",
        )


def _check_python(spark: Installation, job: str, lock: Lock | None) -> None:
    """Who asks for no pyspark may have any Python: the Data Engine's queries need none of it."""
    if lock is None:
        return
    numbers = tuple(int(part) for part in lock.python.split(".")[:2] if part.isdigit())
    if numbers < spark.lowest_python:
        lowest = ".".join(map(str, spark.lowest_python))
        raise Refused(
            f"{job} runs on Python {lock.python}, and Spark {spark.version} needs {lowest} or later",
            f'write python: "{lowest}" into the config, or a later one',
        )


def _versions(lock: Lock | None) -> dict[str, str]:
    """The packages of an environment; none where that is not known."""
    return lock.versions if lock is not None else {}


def _locks(config: Project, environments: PreparedEnvironments) -> Iterator[tuple[str, Lock | None]]:
    """Each job's name, and what its environment has."""
    others, locks = dict(environments.others), dict(environments.locks)
    for job in config.jobs:
        yield job.name, locks.get(others.get(job.id, environments.key))
