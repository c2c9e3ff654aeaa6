"""The uv that came with skafd, and the environment variables that it is run with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import uv

from skafd.errors import BuildError

# uv does not read pip's settings; who set up a mirror for pip means it for us too.
_FROM_PIP = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_CERT": "SSL_CERT_FILE",
}
_SAME_MEANING = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}
# They would make uv install somewhere else than into the environment that is built.
_MISLEADING = ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_SYSTEM_PYTHON", "UV_TARGET", "UV_PREFIX", "UV_PYTHON", "PYTHONPATH")


NO_BUILD = "UV_NO_BUILD"
NO_PROGRESS = "UV_NO_PROGRESS"


def find_uv() -> str:
    """The path of the uv binary. Raises BuildError."""
    try:
        return uv.find_uv_bin()
    except FileNotFoundError as error:
        raise BuildError("uv is not installed beside skafd", "install skafd again, with its dependencies") from error


def uv_variables(process: Mapping[str, str], project: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """The process's own variables, then the project's for uv and pip, made fit for building."""
    variables = {name: value for name, value in process.items() if name not in _MISLEADING}
    variables.update({name: value for name, value in project if name.startswith(("UV_", "PIP_"))})
    for theirs, ours in _FROM_PIP.items():
        if theirs in variables and ours not in variables and _SAME_MEANING.get(ours) not in variables:
            variables[ours] = variables[theirs]
    return {**variables, "UV_PYTHON_DOWNLOADS": "never", NO_PROGRESS: "1", "TERM": "xterm", "NO_COLOR": "1"}


def may_build(variables: Mapping[str, str]) -> bool:
    """Whether packages may be built from source, which runs their code."""
    return variables.get(NO_BUILD, "0") in ("", "0", "false")


def only_wheels(variables: Mapping[str, str]) -> list[str]:
    """Options of `uv pip` where nothing may be built: it does not heed the variable itself."""
    return [] if may_build(variables) else ["--no-build"]


def with_pyenv(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables with a PATH on which uv finds the interpreters of pyenv themselves instead of its shims."""
    path = [Path(place) for place in variables.get("PATH", os.defpath).split(":")]
    shims = [place for place in path if place.name == "shims" and (place.parent / "versions").is_dir()]
    roots = dict.fromkeys(
        [Path(variables.get("PYENV_ROOT") or Path.home() / ".pyenv"), *(place.parent for place in shims)]
    )
    found = [place for root in roots for place in sorted(root.glob("versions/*/bin"), reverse=True)]
    return {**variables, "PATH": ":".join(str(place) for place in path + found if place not in shims)}
