"""`ska.output`: a small value that others of the run read: `foreach`, `when`, dependents."""

import json
import os
import tempfile
from typing import Any, Optional

from .exceptions import SkafosError
from .surroundings import Surroundings, call

LONGEST_BYTES = 2**20


def publish(surroundings: Surroundings, value: Any) -> None:
    """Publishes a value that JSON can hold; the last one counts. Raises SkafosError."""
    try:
        text = json.dumps(value, default=_plain).encode()
    except (TypeError, ValueError) as error:
        raise SkafosError(f"this cannot be an output: {error}: keep it with ska.artifacts.save") from error
    if len(text) > LONGEST_BYTES:
        raise SkafosError(f"an output has at most {LONGEST_BYTES} bytes, this has {len(text)}: use ska.artifacts.save")
    path = surroundings.variables.get("SKAFD_OUTPUT")
    if path:
        _write_whole(path, text)


def read(surroundings: Surroundings, job: str, instance: "Optional[int]" = None) -> Any:
    """What a job of this run has published; of several instances a list, by number. Raises NotFound."""
    answer = call(surroundings, "GET", "/v1/output", query={"job": job, "instance": instance})
    return answer["value"]


def _plain(value: Any) -> Any:
    """numpy's numbers and arrays, and what else is about to be a list or a text."""
    for method in ("tolist", "isoformat"):
        if hasattr(value, method):
            return getattr(value, method)()
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"JSON has no {type(value).__name__}")


def _write_whole(path: str, text: bytes) -> None:
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".output.", dir=os.path.dirname(path))
    except PermissionError:
        # Where jobs run as another user only the file itself is theirs.
        with open(path, "wb") as file:
            file.write(text)
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    os.replace(temporary, path)
