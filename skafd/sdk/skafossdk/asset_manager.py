"""`ska.asset_manager`: files kept as versions of a model."""

import logging
import os
import zipfile
from typing import Any, Callable, List, Sequence, Union

from . import background, contents
from .background import Request
from .exceptions import MissingRequiredParameters
from .models import Models

_log = logging.getLogger("skafossdk.asset_manager")


class AssetManager:
    """What was pushed to telephones is kept here, under the same names and tags."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def save(
        self,
        name: "Union[str, None]" = None,
        files: "Union[str, Sequence[str], None]" = None,
        tags: "Union[str, Sequence[str]]" = ("latest",),
        access: str = "public",
    ) -> Request:
        """Keeps a file as it is, several as a zip. Result as of `save_model`. Raises MissingRequiredParameters."""
        paths = [files] if isinstance(files, (str, os.PathLike)) else list(files or ())
        if not name or not paths:
            raise MissingRequiredParameters("asset_manager.save needs name= and files=, a path or a list of paths")
        missing = [path for path in paths if not os.path.isfile(path)]
        if missing:
            raise MissingRequiredParameters(f"asset_manager.save({name!r}): there is no file {missing[0]}")
        write = contents.copy_file(os.fspath(paths[0])) if len(paths) == 1 else _zip(paths)
        listed = [tags] if isinstance(tags, str) else list(tags)
        return self._models.save_content(f"asset_manager.save({name!r})", name, write, listed, access)

    def deliver(self, name: "Union[str, None]" = None, tag: "Union[str, None]" = None, dev: bool = True) -> Request:
        """Says that nothing is delivered to anybody: skafd has no counterpart."""
        what = f"asset_manager.deliver(name={name!r}, tag={tag!r}, dev={dev!r})"
        _log.warning(
            "%s has no counterpart in skafd, nothing was delivered; `skafd models download` has what was saved", what
        )
        return background.begin(what, dict)


def _zip(paths: "List[Any]") -> "Callable[[Any], None]":
    root = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])

    def write(stream: Any) -> None:
        with zipfile.ZipFile(_Forward(stream), "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
            for path in paths:
                archive.write(path, os.path.relpath(os.path.abspath(path), root))

    return write


class _Forward:
    """A file that is only ever written on."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        """As a file's."""
        return int(self._stream.write(data))

    def flush(self) -> None:
        """It is sent anyway."""
