"""What activating a prefix does to a shell, found out once by doing it, for every job to start with."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from rattler.shell import ActivationVariables, Shell, activate

from skafd.environments.activation import FILE, Activation
from skafd.errors import BuildError

_TIMEOUT_SECONDS = 120
_OF_THE_SHELL = frozenset({"_", "SHLVL", "PWD", "OLDPWD", "PS1", "CONDA_PROMPT_MODIFIER"})


def write_activation(prefix: Path, variables: dict[str, str]) -> None:
    """Runs the prefix's activation scripts as conda does, and keeps what they set. Raises BuildError.

    `variables` are set before the scripts run, as those of an `environment.yml`.
    """
    before = {**os.environ, **variables}
    script = activate(prefix, ActivationVariables(None, before.get("PATH", os.defpath).split(":")), Shell.bash).script
    with tempfile.TemporaryDirectory() as folder:
        file, result = Path(folder, "activate.sh"), Path(folder, "environment")
        file.write_text(f"{script}\nenv -0 > {result}\n", encoding="utf-8")
        _run(["bash", "--noprofile", "--norc", str(file)], before)
        pairs = (line.partition("=") for line in result.read_bytes().decode(errors="surrogateescape").split("\0"))
        after = {name: value for name, equals, value in pairs if equals and name not in _OF_THE_SHELL}
    activation = _difference(prefix, dict(os.environ), after)
    (prefix / FILE).parent.mkdir(exist_ok=True)
    (prefix / FILE).write_text(json.dumps(activation.to_json(), indent=1), encoding="utf-8")


def _difference(prefix: Path, before: dict[str, str], after: dict[str, str]) -> Activation:
    old_path = before.get("PATH", os.defpath).split(":")
    new_path = [folder for folder in after.get("PATH", "").split(":") if folder and folder not in old_path]
    changed = {name: value for name, value in after.items() if before.get(name) != value and name != "PATH"}
    changed |= {"CONDA_PREFIX": str(prefix), "CONDA_DEFAULT_ENV": str(prefix), "CONDA_SHLVL": "1"}
    gone = tuple(name for name in before if name not in after and name not in _OF_THE_SHELL)
    return Activation(tuple(new_path), tuple(sorted(changed.items())), gone)


def _run(command: list[str], variables: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise BuildError("bash, which activates conda environments, is not on this machine", "install bash") from error
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"activating the environment took longer than {_TIMEOUT_SECONDS} s") from error
    if done.returncode != 0:
        raise BuildError(f"activating the environment failed with {done.returncode}:\n{done.stderr.strip()[-2000:]}")
