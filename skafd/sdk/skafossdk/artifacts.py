"""`ska.artifacts`: values and files that stay when the job has ended."""

import os
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Union

from . import contents, forms
from .surroundings import Surroundings, call

_Run = Union[str, int, None]


class Artifact(NamedTuple):
    """What was kept."""

    name: str
    sha256: str
    size_bytes: int


class Artifacts:
    """Every call returns when it is done: what `save` returned for is on disk."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    def save(self, name: str, value: Any) -> Artifact:
        """Keeps any value that can be pickled; arrays and frames by their own formats, sent as they are made."""
        return self._keep(name, forms.pack(value))

    def save_file(self, name: str, path: "Union[str, os.PathLike[str]]") -> Artifact:
        """Keeps a file as it is, however large."""
        return self._keep(name, forms.Packed("file", "file", contents.copy_file(os.fspath(path))))

    def load(self, name: str, run: _Run = None, job: "Optional[str]" = None, instance: "Optional[int]" = None) -> Any:
        """The value: of this run, else of the newest in which the task that kept it succeeded; or of the one named.

        Raises NotFound, and Refused where several tasks have kept that name and none was named.
        """
        return self._read(self._find(name, run, job, instance, False)[0])

    def load_all(self, name: str, run: _Run = None, job: "Optional[str]" = None) -> "List[Any]":
        """What the instances of a job have kept under one name, by their numbers."""
        return [self._read(found) for found in self._find(name, run, job, None, True)]

    @contextmanager
    def open(
        self, name: str, run: _Run = None, job: "Optional[str]" = None, instance: "Optional[int]" = None
    ) -> "Iterator[Any]":
        """The bytes, as a file to be read in pieces."""
        found = self._find(name, run, job, instance, False)[0]
        with contents.receive(self._surroundings, found["sha256"]) as stream:
            yield stream

    def fetch(
        self,
        name: str,
        path: "Union[str, os.PathLike[str]]",
        run: _Run = None,
        job: "Optional[str]" = None,
        instance: "Optional[int]" = None,
    ) -> str:
        """Writes the bytes into a file, which is whole or not there; returns its path."""
        target = os.fspath(path)
        unfinished = f"{target}.unfinished"
        with self.open(name, run, job, instance) as stream, open(unfinished, "wb") as file:
            contents.copy(stream, file)
        os.replace(unfinished, target)
        return target

    def _keep(self, name: str, packed: forms.Packed) -> Artifact:
        content = contents.send(self._surroundings, packed.write)
        body = dict(content, name=name, form=packed.form, type=packed.type)
        call(self._surroundings, "POST", "/v1/artifacts", body)
        return Artifact(name, content["sha256"], content["size_bytes"])

    def _find(
        self, name: str, run: _Run, job: "Optional[str]", instance: "Optional[int]", every: bool
    ) -> "List[Dict[str, Any]]":
        body = {"name": name, "run": run, "job": job, "instance": instance, "all": every}
        found: "List[Dict[str, Any]]" = call(self._surroundings, "POST", "/v1/artifacts/find", body)
        return found

    def _read(self, found: "Dict[str, Any]") -> Any:
        with contents.receive(self._surroundings, found["sha256"]) as stream:
            return forms.unpack(found["form"], stream, found["name"])
