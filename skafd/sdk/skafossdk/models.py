"""Models as `ska.engine` saves and loads them."""

from typing import Any, Callable, Dict, List, Optional, Sequence, Union

from . import background, contents
from .background import Request
from .exceptions import DataEngineError, NotFound, Refused
from .surroundings import Surroundings, call

_LANE = "models"
_SAVED = ("name", "version", "tags", "deployment_id", "job_id", "project_token", "inserted_at")
_META = _SAVED + ("access",)

_Tags = Union[str, Sequence[str], None]
_Callback = Optional[Callable[[Any], Any]]


class Models:
    """A part of `ska.engine`; calls happen in the order in which they were begun."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    def save_model(
        self,
        name: str,
        model: Any,
        tags: _Tags = None,
        access: str = "private",
        tag: "Optional[str]" = None,
        callback: _Callback = None,
    ) -> Request:
        """A new version of a model from its bytes. Result: `{"data": {"name", "version", ...}, "success", "final"}`."""
        if not isinstance(model, (bytes, bytearray, memoryview)):
            raise DataEngineError(
                f"save_model takes bytes, not {type(model).__name__}: pickle.dumps(model), or ska.artifacts.save"
            )
        content = bytes(model)
        write: "Callable[[Any], None]" = lambda stream: stream.write(content)  # noqa: E731
        return self.save_content(f"save_model({name!r})", name, write, _listed(tags) + _listed(tag), access, callback)

    def load_model(
        self,
        name: str,
        tag: "Optional[str]" = None,
        version: "Union[str, int, None]" = None,
        project: "Optional[str]" = None,
        callback: _Callback = None,
    ) -> Request:
        """The newest version, with the tag where one is given. Result: `{"data": bytes, "meta": {"version", ...}}`.

        `project` names another project of this skafd, whose public models may be loaded.
        """
        body = {"name": name, "tag": tag, "version": None if version is None else str(version), "project": project}
        return background.begin(f"load_model({name!r})", lambda: self._load(body), _LANE, callback)

    def save_content(
        self,
        what: str,
        name: str,
        write: "Callable[[Any], None]",
        tags: "List[str]",
        access: str,
        callback: _Callback = None,
    ) -> Request:
        """A version of what `write` writes; `what` is what errors call it."""
        return background.begin(what, lambda: self._save(name, write, tags, access), _LANE, callback)

    def _save(self, name: str, write: "Callable[[Any], None]", tags: "List[str]", access: str) -> "Dict[str, Any]":
        try:
            content = contents.send(self._surroundings, write)
            body = dict(content, name=str(name), tags=tags, access=access)
            saved = call(self._surroundings, "POST", "/v1/models", body)
        except (NotFound, Refused) as error:
            raise DataEngineError(str(error)) from error
        saved["tags"] = tags
        return {"data": {key: saved[key] for key in _SAVED}, "success": True, "final": True}

    def _load(self, body: "Dict[str, Any]") -> "Dict[str, Any]":
        try:
            found = call(self._surroundings, "POST", "/v1/models/find", body)
        except (NotFound, Refused) as error:
            raise DataEngineError(str(error)) from error
        with contents.receive(self._surroundings, found["sha256"]) as stream:
            data = stream.read()
        return {"data": data, "meta": {key: found[key] for key in _META}, "success": True, "final": True}


def _listed(tags: _Tags) -> "List[str]":
    if tags is None:
        return []
    return [tags] if isinstance(tags, str) else [str(one) for one in tags]
