"""The uv that came with skafd, and the environment variables that it is run with."""

from __future__ import annotations

import os
import pwd
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import uv

from skafd.environments.pip_config import pip_settings
from skafd.errors import BuildError

# uv does not read pip's settings; who set up a mirror for pip means it for us too.
_FROM_PIP = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_CERT": "SSL_CERT_FILE",
    "PIP_TRUSTED_HOST": "UV_INSECURE_HOST",
}
_SAME_MEANING = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}
# They would make uv install somewhere else than into the environment that is built.
_MISLEADING = ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_SYSTEM_PYTHON", "UV_TARGET", "UV_PREFIX", "UV_PYTHON", "PYTHONPATH")


_DECIDING = (
    *("DEFAULT_INDEX", "INDEX", "INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "INDEX_STRATEGY", "NO_INDEX"),
    *("PRERELEASE", "PRE", "RESOLUTION", "NO_BINARY", "ONLY_BINARY", "EXCLUDE_NEWER", "CONSTRAINT", "OVERRIDE"),
)
_LOGIN = re.compile(r"://[^/\s@]+@")
NO_BUILD = "UV_NO_BUILD"
NO_PROGRESS = "UV_NO_PROGRESS"


_elsewhere: list[str] = []


def use_uv(path: str) -> None:
    """Lets this process run that uv."""
    _elsewhere[:] = [path]


def find_uv() -> str:
    """The path of the uv binary. Raises BuildError."""
    if _elsewhere:
        return _elsewhere[0]
    try:
        return uv.find_uv_bin()
    except FileNotFoundError as error:
        raise BuildError("uv is not installed beside skafd", "install skafd again, with its dependencies") from error


def uv_variables(process: Mapping[str, str], project: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """What pip's config files say, the process's own variables, then the project's for uv and pip, fit for building."""
    variables = {name: value for name, value in process.items() if name not in _MISLEADING}
    variables = {**pip_settings(variables), **variables}
    variables.update({name: value for name, value in project if name.startswith(("UV_", "PIP_"))})
    for theirs, ours in _FROM_PIP.items():
        if theirs in variables and ours not in variables and _SAME_MEANING.get(ours) not in variables:
            separator = "," if ours == "UV_FIND_LINKS" else " "
            variables[ours] = separator.join(variables[theirs].split())
    return {**variables, "UV_PYTHON_DOWNLOADS": "never", NO_PROGRESS: "1", "TERM": "xterm", "NO_COLOR": "1"}


def index_settings(variables: Mapping[str, str]) -> tuple[str, ...]:
    """What decides where packages come from and which of them count, as text without names and passwords."""
    names = sorted(name for name in variables if name.startswith(("UV_", "PIP_")) and _tail(name) in _DECIDING)
    return tuple(f"{name}={_LOGIN.sub('://', variables[name])}" for name in names)


def _tail(name: str) -> str:
    return name.partition("_")[2]


def may_build(variables: Mapping[str, str]) -> bool:
    """Whether packages may be built from source, which runs their code."""
    return variables.get(NO_BUILD, "0") in ("", "0", "false")


def only_wheels(variables: Mapping[str, str]) -> list[str]:
    """Options of `uv pip` where nothing may be built: it does not heed the variable itself."""
    return [] if may_build(variables) else ["--no-build"]


def with_pyenv(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables with a PATH on which uv finds the interpreters of pyenv themselves instead of its shims."""
    path = [Path(place) for place in variables.get("PATH", os.defpath).split(":")]
    shims = [place for place in path if place.name == "shims" and _has_versions(place.parent)]
    roots = dict.fromkeys([*_pyenv_roots(variables), *(place.parent for place in shims)])
    found = [place for root in roots for place in _of_pyenv(root)]
    return {**variables, "PATH": ":".join(str(place) for place in path + found if place not in shims)}


def _has_versions(root: Path) -> bool:
    try:
        return (root / "versions").is_dir()
    except OSError:
        return False


def _of_pyenv(root: Path) -> list[Path]:
    """The newest first; none where we may not look."""
    try:
        return sorted(root.glob("versions/*/bin"), reverse=True)
    except OSError:
        return []


def _pyenv_roots(variables: Mapping[str, str]) -> Iterator[Path]:
    """Where pyenv may be: where it is told to be, in the user's home whatever `HOME` says, and around its program."""
    if variables.get("PYENV_ROOT"):
        yield Path(variables["PYENV_ROOT"])
        return
    homes = [variables.get("HOME"), _home_of_user()]
    yield from (Path(home, ".pyenv") for home in homes if home)
    program = shutil.which("pyenv", path=variables.get("PATH", os.defpath))
    if program is not None:
        yield Path(program).resolve().parent.parent


def _home_of_user() -> str | None:
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return None


_HARMLESS = ("INDEX", "INDEX_URL", "DEFAULT_INDEX", "EXTRA_INDEX_URL", "INDEX_STRATEGY", "PRERELEASE")
_ONLY_WHEELS = ((NO_BUILD, "1"), ("PIP_ONLY_BINARY", ":all:"))


def without_code(variables: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The variables for the builds of a project whose code is not to have our rights.

    Nothing is built from source, since that runs code of the package, and where the tools write is ours to say.
    """
    kept = ((name, value) for name, value in variables if name.partition("_")[2] in _HARMLESS)
    return (*kept, *_ONLY_WHEELS)


def settings_for_all(process: Mapping[str, str]) -> dict[str, str]:
    """What a process's own variables say of indexes that everybody may know: names and passwords are left out."""
    found = {name: value for name, value in process.items() if name.startswith(("UV_", "PIP_"))}
    harmless = (*_HARMLESS, "FIND_LINKS", "CERT", "DEFAULT_TIMEOUT")
    return {name: _LOGIN.sub("://", value) for name, value in found.items() if name.partition("_")[2] in harmless}
