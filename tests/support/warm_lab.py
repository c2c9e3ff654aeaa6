"""Fork servers of flows and the steps that they start, in a sandbox, with a Metaflow that is a few lines."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skafd.metaflow.provision import Provision, provide
from skafd.sandbox.borrowing import SOCKET
from skafd.sandbox.client import Launched
from skafd.sandbox.evidence import Evidence
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.user import User
from skafd.sandbox.warm import WarmStart
from tests.support.sandboxed import Sandbox
from tests.support.users import give_folder

METAFLOW = """\
import collections, sys, tempfile
ForeachFrame = collections.namedtuple("ForeachFrame", "step")
ForeachFrame.__module__ = "__main__"
sys.modules["__main__"].ForeachFrame = ForeachFrame
"""
"""As Metaflow itself does, it leaves something where the flow will be."""


@dataclass(slots=True)
class WarmLab:
    """A place for one user."""

    sandbox: Sandbox
    user: User | None
    python: str
    packages: Path
    provision: Provision
    servers: list[tuple[AttemptSpec, Launched]] = field(default_factory=list)

    @classmethod
    def make(cls, sandbox: Sandbox, folder: Path, user: User | None) -> WarmLab:
        """With a Python that the user can run."""
        packages = folder / "packages"
        lab = cls(sandbox, user, python_for(user), packages, provide(folder / "provided"))
        lab.put_metaflow(METAFLOW)
        return lab

    def put_metaflow(self, text: str) -> None:
        """What `import metaflow` finds."""
        path = self.packages / "metaflow" / "__init__.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        for one in (self.packages, path.parent):
            one.chmod(0o755)
        path.chmod(0o644)

    def serve(self, idle_seconds: float = 600) -> AttemptSpec:
        """Starts a server, and waits until it listens."""
        name = f"server-{len(self.servers)}"
        program = str(self.provision.run_step.with_name("serve_steps.py"))
        spec = self.sandbox.spec(
            name,
            (self.python, "-u", program, str(idle_seconds)),
            user=self.user,
            gives_away=True,
            environment=self.environment(),
        )
        self.servers.append((spec, self.sandbox.launch(spec)))
        self.sandbox.wait((self.sandbox.work(name) / SOCKET).exists, "the server is there")
        return spec

    def environment(self) -> dict[str, str]:
        """What steps and servers have in common."""
        packages = {"PYTHONPATH": str(self.packages), "PYTHONDONTWRITEBYTECODE": "1"}
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **packages}

    def step(
        self, name: str, flow: str, *arguments: str, server: AttemptSpec | None = None, **more: Any
    ) -> AttemptSpec:
        """An attempt that runs a file; warm if there is a server for it."""
        snapshot = self.sandbox.home / "snapshots" / name
        snapshot.mkdir(parents=True)
        (snapshot / "flow.py").write_text(flow)
        for file, text in more.pop("files", {}).items():
            (snapshot / file).write_text(text)
        if self.user is not None:
            give_folder(snapshot, self.user.uid)
        runner = (self.python, "-I", "-S", str(self.provision.run_step), "--")
        values: dict[str, Any] = {
            "environment": self.environment() | more.pop("variables", {}),
            "snapshot": str(snapshot),
            "user": self.user,
            "warm": None if server is None else WarmStart(f"{server.directory}/work", self.uid),
        }
        command = (*runner, self.python, "-u", "flow.py", *arguments)
        return self.sandbox.spec(name, command, **(values | more))

    def run(self, name: str, flow: str, *arguments: str, **more: Any) -> Evidence:
        """Runs a step to its end."""
        return self.sandbox.run(self.step(name, flow, *arguments, **more))

    @property
    def uid(self) -> int:
        """Whose the processes are."""
        return os.geteuid() if self.user is None else self.user.uid

    def close(self) -> None:
        """Ends the servers."""
        for spec, launched in self.servers:
            if self.sandbox.supervisors_are_gone():
                return
            self.sandbox.cancel(spec, launched) if not _has_ended(spec) else None


def _has_ended(spec: AttemptSpec) -> bool:
    return Path(spec.directory, "exit.json").exists()


def python_for(user: User | None) -> str:
    """An interpreter that this user can run; ours may be in somebody's home."""
    candidates = [sys.executable] if user is None else [os.path.realpath(sys.executable), "/usr/bin/python3"]
    for path in map(Path, candidates):
        if path.exists() and (user is None or all(one.stat().st_mode & 0o001 for one in path.resolve().parents)):
            return str(path)
    return ""
