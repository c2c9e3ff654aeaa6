"""Making an environment as the owner of the project: what skafd, as root, does before and after."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from skafd.environments.activation import FILE as ACTIVATION
from skafd.environments.base import Asked
from skafd.environments.build import Build, BuildCancelled
from skafd.environments.builder import Builder, give_tree, read_from, take_back
from skafd.environments.owned.wording import to_measure
from skafd.environments.records import lock_from
from skafd.environments.tool import find_uv
from skafd.errors import BuildError
from skafd.model.environment import Lock

_TOOLS = ".tools"
"""Of the folder of environments: what users have to be able to run, and cannot where it is installed."""


@dataclass(frozen=True, slots=True)
class OwnersBuild:
    """One build in the name of `owner`. `cookies` are variables by which its processes are known."""

    asked: Asked
    owner: Builder
    build: Build
    scratch: Path
    """A folder that is empty and goes away afterwards."""
    cookies: Sequence[str]

    def resolve(self) -> Lock:
        """What the environment will contain: for nobody but the owner. Raises BuildError, OSError."""
        return replace(self._run(None, None), owner=self.owner.uid)

    def make(self, lock: Lock, target: Path) -> None:
        """Makes what is locked in `target`, which does not exist. Raises BuildError, OSError."""
        target.mkdir(parents=True, mode=0o755)
        os.chown(target, self.owner.uid, self.owner.gid)
        self._run(lock, target)
        take_back(target, kept=(Path(ACTIVATION).name,))

    def _run(self, lock: Lock | None, target: Path | None) -> Lock:
        with self._request(lock, target) as (request, work):
            command = [sys.executable, "-I", "-m", "skafd.environments.owned", str(request)]
            try:
                replace(self.build, folder=Path("/"), progress=self._hear).run(command)
            except BuildCancelled:
                raise
            except BuildError as error:
                said = _answer(work)
                if "message" not in said:
                    raise
                raise BuildError(str(said["message"]), said.get("hint") and str(said["hint"])) from error
            try:
                return lock_from(_answer(work)["result"])
            except (KeyError, TypeError, ValueError) as error:
                raise BuildError("the build said nothing of what it has made") from error

    @contextmanager
    def _request(self, lock: Lock | None, target: Path | None) -> Iterator[tuple[Path, Path]]:
        """A copy of the project's files and a folder to work in, both the owner's, and the file with the request."""
        self.scratch.chmod(0o711)
        source, work, request = (self.scratch / name for name in ("source", "work", "request.json"))
        shutil.copytree(self.asked.source, source, symlinks=True)
        source.chmod(0o700)
        give_tree(source, self.owner)
        work.mkdir(mode=0o700)
        os.chown(work, self.owner.uid, self.owner.gid)
        wanted = {
            "owner": self.owner.to_json(),
            "cookies": list(self.cookies),
            "uv": str(self._uv()),
            "work": str(work),
            "folder": str(self.asked.folder),
            "source": str(source),
            "wish": asdict(self.asked.wish),
            "variables": self.asked.variables,
            "timeout_seconds": self.build.timeout_seconds,
            "lock": lock and asdict(lock),
            "target": target and str(target),
        }
        request.touch(mode=0o600)
        request.write_text(json.dumps(wanted), encoding="utf-8")
        yield request, work

    def _hear(self, line: str) -> None:
        measure = to_measure(line)
        if measure is None:
            self.build.progress(line)
        else:
            self.build.measured(measure)

    def _uv(self) -> Path:
        """A uv that the owner may run."""
        installed = Path(os.path.realpath(find_uv()))
        if self.owner.may_run(installed):
            return installed
        status = installed.stat()
        folder = self.scratch.parent.parent / _TOOLS
        copy = folder / f"uv-{status.st_size}-{int(status.st_mtime)}"
        if not copy.exists():
            folder.mkdir(exist_ok=True, mode=0o711)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as temporary:
                temporary.write(installed.read_bytes())
            Path(temporary.name).chmod(0o755)
            Path(temporary.name).rename(copy)
        return copy


def _answer(work: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_from(work / "result.json"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
