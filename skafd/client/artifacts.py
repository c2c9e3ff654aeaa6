"""What tasks have kept, as values, streams and files."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO, Any

from skafd.api.client import Client, Json
from skafd.client.by_name import ByName
from skafd.errors import NotFound, Refused, SkafdError
from skafd.sdk.skafossdk import forms
from skafd.sdk.skafossdk.exceptions import SkafosError


class NotKept(NotFound, AttributeError):
    """Also an AttributeError, since names are attributes: `hasattr` and whoever looks at values use it."""


class Artifacts(ByName[Any]):
    """Values by name: `artifacts["model"]`, or `artifacts.model`. Of a task that kept one again, the newest."""

    def __init__(self, caller: Client, owner: str, kept: list[Json]) -> None:
        self._api = caller
        super().__init__(owner, kept)

    def artifact(self, name: str) -> Artifact:
        """What is known of one, without its value. Raises NotFound, and Refused where several tasks kept that name."""
        missing = NotKept(f"{self._owner} has kept nothing as {name!r}", self._hint())
        return Artifact(self._api, self._one(name, missing, "kept"))

    def __getitem__(self, name: str) -> Any:
        """The value. Raises NotFound, and Refused where it cannot be loaded here."""
        return self.artifact(name).load()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in self if name.isidentifier())]

    def _hint(self) -> str:
        return f"there are: {', '.join(self)}" if self else "a job keeps a value with ska.artifacts.save(name, value)"


class Artifact:
    """One kept value or file."""

    def __init__(self, caller: Client, info: Json) -> None:
        self._api = caller
        self._info = info

    @property
    def name(self) -> str:
        """As it was kept."""
        return str(self._info["name"])

    @property
    def task(self) -> str:
        """Who kept it: `churn/42/train`."""
        return str(self._info["task"])

    @property
    def type(self) -> str:
        """What it was in the program; `file` for a file."""
        return str(self._info["type"])

    @property
    def size_bytes(self) -> int:
        """How large it is, as it was kept."""
        return int(self._info["size_bytes"])

    @property
    def sha256(self) -> str:
        """Equal hashes, equal contents."""
        return str(self._info["sha256"])

    def load(self) -> Any:
        """The value. Unpickling runs code of whoever kept it. Raises Refused where it cannot be loaded here."""
        if self._info["form"] == "file":
            raise Refused(
                f"{self.name!r} is a file", f"artifact({self.name!r}).download(path) writes it, open() reads it"
            )
        with self.open() as stream:
            try:
                return forms.unpack(self._info["form"], stream, self.name)
            except ModuleNotFoundError as error:
                raise Refused(f"{self.name!r} needs {error.name}, which is not installed here") from error
            except SkafosError as error:
                raise Refused(str(error)) from error

    def open(self) -> IO[bytes]:
        """The bytes, as a file to be read in pieces: checked, on the disk, and gone when it is closed."""
        file = tempfile.TemporaryFile()  # noqa: SIM115 whoever asked closes it
        try:
            self._copy(file)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    def download(self, path: str | os.PathLike[str]) -> Path:
        """Writes the bytes into a file, which is whole or not there; into a folder under its own name."""
        target = Path(path)
        target = target / Path(self.name).name if target.is_dir() else target
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            unfinished = Path(file.name)
            try:
                self._copy(file)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
        unfinished.chmod(0o644)
        return unfinished.replace(target)

    def _copy(self, file: IO[bytes]) -> None:
        seen = hashlib.sha256()
        for block in self._api.read_artifact(self._info["artifact"]):
            seen.update(block)
            file.write(block)
        if seen.hexdigest() != self.sha256:
            raise SkafdError(f"{self.name!r} did not arrive whole", "ask again; the daemon's log may say more")

    def __repr__(self) -> str:
        return f"Artifact({self.name!r}, {self.type}, {self.size_bytes} bytes, of {self.task})"
