"""What an attempt is given so that it can talk to the daemon: the SDK, the socket and a token of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import skafd.sdk
from skafd.environments.notebook import PROGRAMS
from skafd.files import sync_file_system
from skafd.home import Home
from skafd.job_token import JobToken, load_key
from skafd.model.ids import AttemptKey
from skafd.ray.attending import PACKAGE, attendant_sources

_PACKAGE = "skafossdk"
_SOURCE = Path(skafd.sdk.__file__).parent / _PACKAGE


@dataclass(frozen=True, slots=True)
class JobsAccess:
    """The same for all attempts but for the token."""

    sdk: Path
    """What goes on the path of Python programs."""
    socket: Path
    key: bytes = field(repr=False)
    notebook_programs: Path = Path()
    """What executes notebooks."""
    attendant: Path = Path()
    """What stands here for a job on a Ray cluster."""

    @classmethod
    def prepare(cls, home: Home) -> JobsAccess:
        """Puts what jobs need of this version in place; makes the key at the first call. Raises Refused, OSError."""
        programs = install_notebook_programs(home)
        return cls(install_sdk(home), home.jobs_socket, load_key(home.job_token_key), programs, install_attendant(home))

    def token(self, attempt: AttemptKey, queries: str = "") -> str:
        """What proves who the attempt is, and says which service answers its queries, if not the data engine."""
        task = attempt.task
        token = JobToken(task.run.project, task.run.number, task.job, task.instance, attempt.number, queries)
        return token.sign(self.key)

    def variables(self, attempt: AttemptKey, environment: Mapping[str, str], queries: str = "") -> dict[str, str]:
        """To be added to `environment`; what the user has on the path comes first."""
        path = [environment["PYTHONPATH"]] if environment.get("PYTHONPATH") else []
        return {
            "PYTHONPATH": os.pathsep.join([*path, str(self.sdk)]),
            "SKAFD_TOKEN": self.token(attempt, queries),
            "SKAFD_SOCKET": str(self.socket),
        }


def install_sdk(home: Home) -> Path:
    """The folder that holds `skafossdk` of this version, readable by every user: jobs may be others than we are."""
    return _install(sorted(_SOURCE.glob("*.py")), home.sdk, _PACKAGE)


def install_notebook_programs(home: Home) -> Path:
    """The folder with the programs that execute notebooks, readable by every user."""
    return _install([PROGRAMS / name for name in ("execute.py", "kernel.py", "to_html.py")], home.notebook_programs, "")


def install_attendant(home: Home) -> Path:
    """The folder with the package that stands for jobs on a Ray cluster, readable by every user."""
    return _install(attendant_sources(), home.attendants, PACKAGE)


def install_pika(home: Home) -> str | None:
    """The folder with the pika of skafd[queue], for jobs whose environment has none; None where skafd has none."""
    found = find_spec("pika")
    if found is None or found.origin is None:
        return None
    source = Path(found.origin).parent
    folder = home.sdk / f"pika-{version('pika')}"
    if not folder.is_dir():
        unfinished = Path(tempfile.mkdtemp(prefix=".", dir=home.sdk))
        shutil.copytree(source, unfinished / "pika", ignore=shutil.ignore_patterns("__pycache__"))
        unfinished.chmod(0o755)
        sync_file_system(unfinished)
        try:
            unfinished.rename(folder)
        except OSError:
            # Another request was faster.
            shutil.rmtree(unfinished)
    return str(folder)


def _install(sources: list[Path], parent: Path, package_name: str) -> Path:
    """A copy below `parent`, so that an upgrade of skafd changes nothing under a job that runs."""
    folder = parent / _hash_of(sources)
    if not folder.is_dir():
        parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".", dir=parent))
        package = unfinished / package_name
        package.mkdir(exist_ok=True)
        for source in sources:
            shutil.copyfile(source, package / source.name)
            (package / source.name).chmod(0o644)
        package.chmod(0o755)
        unfinished.chmod(0o755)
        sync_file_system(unfinished)
        unfinished.rename(folder)
    return folder


def _hash_of(sources: list[Path]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.name}\n".encode() + source.read_bytes())
    return digest.hexdigest()[:16]
