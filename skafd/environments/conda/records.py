"""Packages of conda as lines of a lock: one each, with all that installing it needs, and without credentials."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

_SECRET = re.compile(r"(?<=://)[^/\s@]+@|(?<=/)t/[^/\s]+/")
"""A name with its password, or a token, as conda writes them into addresses."""


def to_line(record: dict[str, Any]) -> str:
    """`name==version` and the record as JSON."""
    safe = {key: without_secret(value) if key in ("url", "channel") else value for key, value in record.items()}
    text = json.dumps(safe, sort_keys=True, separators=(",", ":"))
    return f"{record['name']}=={record['version']} {text}"


def split(lines: Iterable[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """The records of conda, and the lines that are pip's."""
    records, others = [], []
    for line in lines:
        _, brace, text = line.partition(" {")
        if brace:
            records.append(json.loads(f"{{{text}"))
        else:
            others.append(line)
    return records, others


def with_secrets(record: dict[str, Any], channels: Sequence[str]) -> dict[str, Any]:
    """The record with the credentials that the file has for its channel now."""
    for channel in channels:
        safe = without_secret(channel)
        if safe != channel and record["url"].startswith(safe.rstrip("/") + "/"):
            return record | {"url": channel.rstrip("/") + record["url"][len(safe.rstrip("/")) :]}
    return record


def without_secret(address: str) -> str:
    """The address without a name, password or token in it."""
    return _SECRET.sub("", address)
