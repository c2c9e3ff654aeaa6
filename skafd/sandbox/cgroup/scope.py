"""A scope of systemd's for jobs: a control group that is delegated to skafd and belongs to no service.

Jobs below the daemon's own unit would stand in its way: a control group that hands controllers down takes no process
of its own, so that systemd could not start the unit again while they run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from skafd.sandbox import small_files
from skafd.sandbox.cgroup import delegation

SLICE = "skafd-jobs.slice"


class Manager(StrEnum):
    """Whose systemd."""

    SYSTEM = "system"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a launcher is to run: each one gets a scope of its own, which lasts as long as what it started."""

    manager: Manager
    name: str
    root: str
    """Where the second version is mounted."""

    def command(self, inner: Sequence[str]) -> list[str]:
        """The command that makes a scope and becomes `inner` in it; it fails if systemd refuses."""
        options = [
            f"--{self.manager}",
            f"--unit=skafd-jobs-{self.name}-{os.urandom(4).hex()}",
            f"--slice={SLICE}",
            "--description=Jobs of skafd",
            "--property=Delegate=yes",
            "--property=TasksMax=infinity",
            # Units end in reverse order: at shutdown first the daemon, which would start again what ends.
            "--property=Before=skafd.service",
            "--property=TimeoutStopSec=60",
        ]
        return ["systemd-run", "--scope", "--quiet", "--collect", *options, "--", *inner]

    def prepare(self, controllers: Sequence[str]) -> dict[str, str]:
        """Makes room for attempts in the scope that this process is alone in; returns the folder of each controller.

        Raises OSError when a controller is missing.
        """
        lines = small_files.read("/proc/self/cgroup").decode().splitlines()
        (own,) = [line.removeprefix("0::") for line in lines if line.startswith("0::")]
        folder, kept = delegation.prepare(f"{self.root}{own}", "jobs", controllers)
        if missing := set(controllers) - set(kept):
            raise OSError(f"{folder} has no {' and no '.join(sorted(missing))}")
        return dict.fromkeys(kept, folder)

    def to_json(self) -> dict[str, Any]:
        """The scope as JSON values."""
        return {"manager": self.manager.value, "name": self.name, "root": self.root}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Scope:
        """Reads back what `to_json` gave."""
        return cls(Manager(values["manager"]), values["name"], values["root"])


def find_manager(environment: Mapping[str, str] = os.environ, run: str = "/run") -> Manager | None:
    """The systemd that may be asked for a scope; None where there is none."""
    if not os.path.isdir(f"{run}/systemd/system"):
        return None
    if os.geteuid() == 0:
        return Manager.SYSTEM
    own = environment.get("XDG_RUNTIME_DIR", f"{run}/user/{os.geteuid()}")
    return Manager.USER if os.path.exists(f"{own}/systemd/private") else None


def variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What has to be in the environment for `command` to find systemd."""
    names = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
    found = {name: environment[name] for name in names if name in environment}
    return {"XDG_RUNTIME_DIR": f"/run/user/{os.geteuid()}", **found} if os.geteuid() != 0 else found
