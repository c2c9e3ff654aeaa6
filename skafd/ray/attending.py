"""From an attempt on a cluster to the command of its attendant."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skafd.errors import SandboxError
from skafd.model.compute import RayCompute
from skafd.model.entrypoint import Command, Language, Module, Notebook, Script, Step, parse_entrypoint
from skafd.model.environment import EnvironmentKind, Lock
from skafd.model.ids import AttemptKey
from skafd.model.project import Job

ADDRESS_VARIABLES = ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS")
"""As Ray's own commands have them."""
PACKAGE = "skafd_ray"
"""What the attendant is called where it is installed."""
_ATTENDANT = Path(__file__).parent / "attendant"
_START = f"import sys; sys.path.insert(0, sys.argv[1]); from {PACKAGE}.{{}} import main; main(sys.argv[2])"
_OF_THIS_MACHINE = (
    "PYTHONPATH",
    "SKAFD_SOCKET",
    "SKAFD_TOKEN",
    "SKAFD_OUTPUT",
    "VIRTUAL_ENV",
    "PATH",
    "PYTHONUNBUFFERED",
)
"""Variables that mean nothing elsewhere."""
_FOR_THE_SDK = ("SKAFD_SOCKET", "SKAFD_TOKEN")
_ANY_ADDRESS = ("0.0.0.0", "::")
_PYTHON = "{python}"
"""The interpreter there, as `remote.py` knows it."""
_OURS = re.compile(r"(ray|skafossdk)(?![\w.-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """What an attendant is made of on this machine."""

    python: Path
    """Of the job's environment."""
    attendant: Path
    sdk: Path
    door: tuple[str, int] | None = None
    """Where the daemon lets jobs on other machines in."""


def attendant_sources() -> list[Path]:
    """The files that are installed where jobs find them."""
    return sorted(_ATTENDANT.glob("*.py"))


def submission_id(folder: Path, number: int) -> str:
    """What the cluster calls an attempt: for people, and unique among state folders."""
    place = hashlib.sha256(str(folder.parent).encode()).hexdigest()[:12]
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", "-".join(folder.parts[-4:-1]))
    return f"skafd-{readable}-{number}-{place}"


def attend_command(
    ray: RayCompute,
    job: Job,
    attempt: AttemptKey,
    folder: Path,
    place: Place,
    lock: Lock | None,
    variables: Mapping[str, str],
    inherited: Mapping[str, str],
) -> tuple[str, ...]:
    """The attendant's command; `inherited` is what the job has of the daemon's environment. Raises SandboxError."""
    door = place.door
    sent = sorted(name for name in variables if _is_sent(name, variables, inherited))
    asked = {
        "address": _address(ray, variables),
        "id": submission_id(folder, attempt.number),
        "earlier": [submission_id(folder, number) for number in range(1, attempt.number)],
        "sdk": str(place.sdk),
        "variables": [*sent, *(_FOR_THE_SDK if door else ())],
        "relay": None if door is None else ["" if door[0] in _ANY_ADDRESS else door[0], door[1]],
        "submission": _submission(ray, job, lock),
        "remarks": [f"{line} is not installed on the cluster: it is on this machine" for line in packages_for(lock)[1]],
    }
    return (str(place.python), "-I", "-c", _START.format("attend"), str(place.attendant), json.dumps(asked))


def stop_command(
    ray: RayCompute, folder: Path, number: int, place: Place, variables: Mapping[str, str]
) -> tuple[str, ...]:
    """Ends an attempt whose attendant is gone; what it prints says why it could not. Raises SandboxError."""
    asked = {"address": _address(ray, variables), "id": submission_id(folder, number)}
    return (str(place.python), "-I", "-c", _START.format("ending"), str(place.attendant), json.dumps(asked))


def _address(ray: RayCompute, variables: Mapping[str, str]) -> str:
    found = ray.address or next((variables[name] for name in ADDRESS_VARIABLES if variables.get(name)), None)
    if found is None:
        hint = "write `compute: {name: ray, address: URL}`, or `skafd env PROJECT RAY_API_SERVER_ADDRESS --set URL`"
        raise SandboxError("nobody says where the Ray cluster is", hint)
    return found


def _is_sent(name: str, variables: Mapping[str, str], inherited: Mapping[str, str]) -> bool:
    return name not in _OF_THIS_MACHINE and inherited.get(name) != variables[name]


def _submission(ray: RayCompute, job: Job, lock: Lock | None) -> dict[str, Any]:
    asked = ray.asked
    # Without any wish Ray keeps all jobs on its head.
    wishes: dict[str, float] = {"entrypoint_num_cpus": 1.0 if asked.cpu is None else asked.cpu}
    if asked.memory_bytes is not None:
        wishes["entrypoint_memory"] = asked.memory_bytes
    if asked.gpu:
        wishes["entrypoint_num_gpus"] = asked.gpu
    packages, _ = packages_for(lock)
    runtime = {"pip": {"packages": packages, "pip_check": False}} if packages else {}
    variables = {
        "SKAFD_RAY_STEPS": json.dumps([_command(step) for step in parse_entrypoint(job.entrypoint, job.language)])
    }
    return {
        "entrypoint": "python .skafd/remote.py",
        "metadata": {"skafd": job.name},
        "runtime_env": {**runtime, "env_vars": variables},
        **wishes,
    }


def packages_for(lock: Lock | None) -> tuple[list[str], list[str]]:
    """The requirement lines that the cluster installs, and those that it cannot. Raises SandboxError for conda's."""
    if lock is None or not lock.packages:
        return [], []
    if lock.kind is EnvironmentKind.CONDA:
        hint = "write what the job needs in requirements.txt, or run it here: `compute: local`"
        raise SandboxError("an environment of conda's cannot be made on a Ray cluster", hint)
    # Without their hashes, which may fill more than a command line holds; the versions are the lock's all the same.
    lines = [line.partition(" --hash=")[0] for line in lock.packages if not _OURS.match(line)]
    local = [line for line in lines if line.startswith(("-e", ".", "/")) or "file://" in line]
    return [line for line in lines if line not in local], local


def _command(step: Step) -> tuple[str, ...]:
    match step:
        case Script(path=path, arguments=arguments, language=Language.PYTHON):
            return (_PYTHON, path, *arguments)
        case Script(path=path, arguments=arguments, program=program):
            return (program, path, *arguments)
        case Module(name=name, arguments=arguments):
            return (_PYTHON, "-m", name, *arguments)
        case Command(text=text, shell=shell):
            return ("/bin/sh" if shell == "sh" else shell, "-c", text)
        case Notebook(path=path):
            raise SandboxError(f"{path} cannot run on a Ray cluster", "make it a script")
