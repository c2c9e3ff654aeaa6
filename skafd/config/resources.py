"""`resources:` to limits and requests, and whether they are possible."""

from __future__ import annotations

from typing import Any

from skafd.config.nodes import Scalar
from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry
from skafd.config.tables import Entries
from skafd.model.limits import Limits, Resources


def build_resources(entry: Entry | None, required: bool, problems: Problems) -> Resources:
    """What the job asks for. Notes a request that is larger than its limit."""
    values: Entries = entry.value if entry else {}
    limits, requests = values.get("limits"), values.get("requests")
    if limits and not isinstance(limits.value, dict):
        limits, required = None, True
    if limits and requests:
        _compare(requests.value, limits.value, problems)
    return Resources(_limits(requests), _limits(limits), required)


def write_resources(entry: Entry | None) -> dict[str, Any] | None:
    """The amounts as they were written, for the report."""
    if not entry:
        return None
    return {name: _written(part) for name, part in entry.value.items()}


def _written(part: Entry) -> Any:
    if not isinstance(part.value, dict):
        return part.value
    return {name: amount.node.text for name, amount in part.value.items() if isinstance(amount.node, Scalar)}


def _limits(entry: Entry | None) -> Limits:
    if not entry:
        return Limits()
    amounts = {name: amount.value for name, amount in entry.value.items()}
    return Limits(
        cpu=amounts.get("cpu"),
        memory_bytes=amounts.get("memory"),
        gpu=amounts.get("gpu", 0),
        swap_bytes=amounts.get("swap"),
        open_files=amounts.get("open_files"),
        disk_bytes=amounts.get("disk"),
    )


def _compare(requests: Entries, limits: Entries, problems: Problems) -> None:
    for name, request in requests.items():
        limit = limits.get(name)
        if limit and request.value > limit.value:
            message = f"the limit of {name} ({_text(limit)}) is less than the request ({_text(request)})"
            hint = f"a request is at most the limit: write {name} {_text(limit)} or less in `requests:`"
            problems.error(Code.LIMITS, limit.node, message, hint)


def _text(amount: Entry) -> str:
    return amount.node.text if isinstance(amount.node, Scalar) else str(amount.value)
