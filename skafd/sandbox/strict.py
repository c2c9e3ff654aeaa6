"""Strict isolation: bubblewrap gives the job namespaces in which there is nothing that it could disturb."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skafd.sandbox import small_files

TEMPORARY = "tmp"
"""In the attempt's folder: what the job sees as /tmp; it is removed when the job has ended."""
_PRIVATE = ("/tmp", "/var/tmp")
# How names are resolved, in spite of /run being empty: from there one could ask others to start processes outside.
_RESOLVERS = ("/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager/resolv.conf", "/run/nscd")
# Read while it can be: the job's user may not be allowed to.
_INSIDE = small_files.read(os.path.join(os.path.dirname(os.path.abspath(__file__)), "inside.py")).decode()
# What root's jobs keep: changing owners and users, not mounting, tracing or setting up devices.
_CAPABILITIES = "CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE SYS_NICE"


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a job sees besides its own: all of the machine read-only, but for what is hidden."""

    program: str
    """The path of bubblewrap."""
    hidden: tuple[str, ...] = ()
    """Folders in whose place there is an empty one."""
    readable: tuple[str, ...] = ()
    """What is there nevertheless, read-only."""

    def to_json(self) -> dict[str, Any]:
        """The confinement as JSON values."""
        return {"program": self.program, "hidden": list(self.hidden), "readable": list(self.readable)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Confinement:
        """Reads back what `to_json` gave."""
        return cls(values["program"], tuple(values["hidden"]), tuple(values["readable"]))

    def options(self, directory: str, writable: Sequence[str]) -> list[str]:
        """Of bubblewrap, for the attempt in `directory`; later ones cover earlier ones."""
        options = [self.program, "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--as-pid-1"]
        options += ["--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm"]
        options += ["--proc", "/proc", "--tmpfs", "/run"]
        for place in _PRIVATE:
            options += ["--bind", f"{directory}/{TEMPORARY}", place]
        for place in sorted(self.hidden):
            if os.path.isdir(place) and not _is_below(place, _PRIVATE):
                options += ["--tmpfs", place]
        for place in (*_RESOLVERS, *self.readable):
            options += ["--ro-bind-try", place, place]
        for place in (f"{directory}/work", *writable):
            options += ["--bind-try", place, place]
        return [*options, "--chdir", f"{directory}/work"]


def trial(program: str) -> list[str]:
    """A command that succeeds where strict isolation works for the user who runs it."""
    options = ["--die-with-parent", "--unshare-pid", "--unshare-ipc", "--as-pid-1", "--ro-bind", "/", "/"]
    return [program, *options, "--dev-bind", "/dev", "/dev", "--proc", "/proc", "--tmpfs", "/run", "--", "true"]


def command(options: Sequence[str], report: int, status: int, wanted: Sequence[str]) -> list[str]:
    """The command that runs `wanted` inside. For the process that is to become it: looks at who that is."""
    interpreter = _find_interpreter()
    more: list[str] = []
    prefix = os.path.dirname(os.path.dirname(interpreter))
    if _is_below(prefix, (*_PRIVATE, "/run")):
        more += ["--ro-bind", prefix, prefix]
    if os.geteuid() == 0:
        more += [
            "--cap-drop",
            "ALL",
            *(word for name in _CAPABILITIES.split() for word in ("--cap-add", f"CAP_{name}")),
        ]
    python = [interpreter, "-I", "-S", "-c", _INSIDE]
    return [*options, *more, "--", *python, str(report), str(status), *wanted]


def _find_interpreter() -> str:
    """A Python that this user may run: skafd's own can be in the home of another."""
    found = [os.path.realpath(path) for path in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3")]
    for path in found:
        if os.access(path, os.X_OK):
            return path
    raise PermissionError(f"user {os.geteuid()} may run none of the Pythons of this machine: {', '.join(found)}")


def _is_below(path: str, folders: Sequence[str]) -> bool:
    return any(f"{path}/".startswith(f"{folder}/") for folder in folders)
