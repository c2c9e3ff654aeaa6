"""Which fork server a step may be asked of: one for each interpreter, settings and user. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from skafd.metaflow.tasks import TASK_VARIABLE
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.user import User
from skafd.sandbox.warm import own_command

COLD = "SKAFD_METAFLOW_COLD"
"""Set for a project or a step: each of its steps is started by a Python of its own."""
_OF_ONE_ATTEMPT = ("SKAFD_",)
_OF_ONE_RUN = frozenset(("METAFLOW_RUN_ID", "TASK_ID", "PROJECT_TOKEN", "SKAFOS_DEPLOYMENT_ID"))


@dataclass(frozen=True, slots=True)
class ForkServer:
    """One process that may be shared by all steps that would begin like it. `repr` shows no settings."""

    python: str
    program: str
    settings: Mapping[str, str] = field(repr=False)
    """Its environment: that of the steps, but for what is of one attempt, or of one run."""
    user: User | None

    @property
    def key(self) -> str:
        """The same for the same server, and for no other."""
        user = None if self.user is None else self.user.to_json()
        values = [self.python, self.program, sorted(self.settings.items()), user]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def fork_server_of(spec: AttemptSpec) -> ForkServer | str | None:
    """The server for an attempt; a text says why it has to start cold, and None that it is no step of a flow."""
    if TASK_VARIABLE not in spec.environment or len(spec.commands) != 1:
        return None
    command = spec.commands[0]
    own = own_command(command)
    if own[1:2] != ("-u",) or own[2:3] == ("-m",):
        return None
    return _doubt(spec) or ForkServer(
        python=own[0],
        program=str(PurePath(command[3]).with_name("serve_steps.py")),
        settings=_settings(spec),
        user=spec.user,
    )


def _doubt(spec: AttemptSpec) -> str:
    if spec.environment.get(COLD):
        return f"{COLD} is set"
    if spec.confinement is not None:
        return "its isolation is strict"
    if spec.environment.get("CUDA_VISIBLE_DEVICES"):
        return "it has a GPU"
    return ""


def _settings(spec: AttemptSpec) -> dict[str, str]:
    settings = {name: value for name, value in spec.environment.items() if _is_setting(name)}
    if settings.get("HOME", "").startswith(f"{spec.directory}/"):
        # Of a user without one: each attempt has its own, and nothing is in it.
        del settings["HOME"]
    return settings


def _is_setting(name: str) -> bool:
    return name not in _OF_ONE_RUN and not name.startswith(_OF_ONE_ATTEMPT)
