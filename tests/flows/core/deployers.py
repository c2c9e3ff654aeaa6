"""`scripts/flows --deployers`: Metaflow's own tests of deployers (`test/ux`), with skafd as the deployer.

Arguments go to pytest, as `-k resume`. Where no conda channel can be reached, `SKAFD_METAFLOW_CONDA=pypi` takes the
packages of the one test that asks conda from PyPI; it needs a Python 3.10.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from skafd.metaflow import describing
from tests.flows.core.sources import add, environment, sources
from tests.support.installed import SKAFD, Installed

FOLDER = Path(__file__).resolve().parents[3] / ".flows"
_EXTENSION = Path(describing.__file__).parent / "extension"
_OF_OTHERS = ("argo", "sfn", "airflow")
"""Files of tests about what other schedulers are told."""


def main() -> int:
    """Ends as pytest ends."""
    root = sources(FOLDER)
    python = environment(FOLDER, root)
    add(python, "pytest", "omegaconf")
    tests = root / "test" / "ux"
    others = [f"--ignore={tests}/core/test_{name}_compilation.py" for name in _OF_OTHERS]
    options = ("-p", "no:cacheprovider", "--scheduler-type=skafd", "--exec-mode=deployer", "-ra", "-q", *others)
    with Installed() as installed:
        (installed.root / "metaflow-home").mkdir()
        (installed.root / "metaflow-home" / "config_local.json").write_text("{}")
        (installed.root / "runs").mkdir()
        installed.ok("up", "--detach")
        command = [str(python), "-B", "-m", "pytest", *options, "core", *sys.argv[1:]]
        done = subprocess.run(command, cwd=tests, env=_variables(installed, python), check=False)
        if done.returncode != 0:
            _explain(installed)
    return done.returncode


def _explain(installed: Installed) -> None:
    """Prints what skafd has to say of runs that failed."""
    for run in installed.json("runs"):
        if run["state"] != "succeeded":
            print(installed.command("why", run["run"]).stdout, installed.command("logs", run["run"]).stdout)


def _variables(installed: Installed, python: Path) -> dict[str, str]:
    own = {
        "PYTHONPATH": str(_EXTENSION),
        "PATH": os.pathsep.join((str(python.parent), os.environ["PATH"])),
        "METAFLOW_HOME": str(installed.root / "metaflow-home"),
        "METAFLOW_DEFAULT_DATASTORE": "local",
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(installed.root / "runs"),
        "METAFLOW_USER": "tester",
        "SKAFD_PROGRAM": str(SKAFD),
        "SKAFD_METAFLOW_MOST_RETRY_DELAY": "0",
    }
    conda = {name: os.environ[name] for name in ("SKAFD_METAFLOW_CONDA",) if name in os.environ}
    return {**installed.environment, **conda, **own}


if __name__ == "__main__":
    sys.exit(main())
