"""Real Spark: whether it can run here, and a standalone cluster that is not skafd's."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from skafd.addons.spark.cluster import ADDRESS, free_ports
from skafd.machine.java import find_java

REQUIRED = "SKAFD_TESTS_REQUIRE_SPARK"
"""Set where a test that cannot run is a failure: on the machine that decides."""
_UNCHECKED = "-XX:+IgnoreUnrecognizedVMOptions -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
SMALL_JAVA = f"{_UNCHECKED} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""A Java that lives for a minute gains nothing by compiling a second time, by several threads that collect, or by
proving again that what Spark was built of may be run."""
PATIENCE_SECONDS = 600.0
"""Several Javas start one after another, perhaps on a machine that is busy with other work."""


def need_spark() -> None:
    """Skips the test where there is no Java, and says so aloud; fails where that is not allowed."""
    if find_java() is not None:
        return
    if os.environ.get(REQUIRED):
        pytest.fail("there is no Java, and the tests of Spark may not be skipped here", pytrace=False)
    warnings.warn(pytest.PytestWarning("NO JAVA HERE: Spark is not tried"), stacklevel=2)
    pytest.skip("there is no Java on this machine; scripts/test installs it as root")


@contextmanager
def standalone_cluster(secret: str, cores: int = 1) -> Iterator[str]:
    """The URL of a master with one worker, started by hand."""
    folder = Path(tempfile.mkdtemp(prefix="skafd-standalone-", dir="/tmp"))
    settings = f"spark.authenticate true\nspark.authenticate.secret {secret}\n"
    (folder / "spark-defaults.conf").write_text(settings)
    (port,) = free_ports(1)
    url = f"spark://{ADDRESS}:{port}"
    master = _start(folder, "master.Master", "--host", ADDRESS, "--port", str(port), "--webui-port", "0")
    worker = None
    try:
        _wait_until_it_says("I have been elected leader", master, folder)
        arguments = ("--host", ADDRESS, "-c", str(cores), "-m", "1g", "--work-dir", str(folder / "work"), url)
        worker = _start(folder, "worker.Worker", *arguments)
        _wait_until_it_says("Successfully registered", worker, folder)
        yield url
    finally:
        for process in filter(None, (worker, master)):
            process.terminate()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def variables_of_spark(folder: Path) -> dict[str, str]:
    """What a process of Spark's with its settings in that folder is told."""
    spec, java = find_spec("pyspark"), find_java()
    assert spec is not None
    assert spec.origin is not None
    assert java is not None
    return {
        "SPARK_HOME": str(Path(spec.origin).parent),
        "JAVA_HOME": str(java.home),
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": ADDRESS,
        "SPARK_LOCAL_DIRS": str(folder / "scratch"),
        "JDK_JAVA_OPTIONS": SMALL_JAVA,
    }


def _start(folder: Path, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    variables = variables_of_spark(folder)
    with (folder / f"{program}.log").open("wb") as log:
        return subprocess.Popen(
            [f"{variables['SPARK_HOME']}/bin/spark-class", f"org.apache.spark.deploy.{program}", *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **variables},
        )


def _wait_until_it_says(text: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        said = "".join(path.read_text(errors="replace") for path in folder.glob("*.log"))
        if text in said:
            return
        time.sleep(0.1)
    pytest.fail(f"Spark never said {text!r}:\n{said[-2000:]}")
