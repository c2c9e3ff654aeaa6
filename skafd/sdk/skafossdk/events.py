"""`ska.publish_event`: a named event, for every project of the machine whose jobs wait for it."""

import json
from typing import Any, Mapping, Optional

from .exceptions import SkafosError
from .surroundings import Surroundings, call


def publish(
    surroundings: Surroundings, name: str, parameters: "Optional[Mapping[str, Any]]" = None, key: "Optional[str]" = None
) -> int:
    """Returns the number of the event, as `skafd events` lists it, when it is on disk. Raises SkafosError."""
    said = {str(one): _as_text(value) for one, value in (parameters or {}).items()}
    answer = call(surroundings, "POST", "/v1/events", {"name": str(name), "parameters": said, "key": key})
    return int(answer["event"])


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise SkafosError(f"this cannot be a parameter of an event: {error}") from error
