"""What jobs logged through the SDK, read from their logs: masked and capped there already."""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from skafd.api.kept import MessageInfo
from skafd.api.shapes import LogSource
from skafd.errors import Refused

_LINE = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d),(?P<milliseconds>\d{3}) - (?P<logger>skafossdk\.\w+)"
    r" - (?P<level>[\w ]+) - (?P<text>.*)"
)
_LABELS = re.compile(r"(?P<labels>(?:\[[^\[\]\s]*\])+) - (?P<text>.*)")


def read_messages(sources: list[LogSource], level: str | None, label: str | None, limit: int) -> list[MessageInfo]:
    """The last `limit` of at least that level and with that label. Raises Refused for what is no level."""
    least = _number_of(level) if level else 0
    found: deque[MessageInfo] = deque(maxlen=max(1, limit))
    for source in sources:
        for message in _messages(source):
            if _number_of(message.level) >= least and (label is None or label in message.labels):
                found.append(message)
    return sorted(found, key=lambda one: one.at)


def _messages(source: LogSource) -> Iterator[MessageInfo]:
    try:
        with Path(source.path).open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if match := _LINE.fullmatch(line.rstrip("\r\n")):
                    yield _message(source.task, match)
    except FileNotFoundError:
        return


def _message(task: str, match: re.Match[str]) -> MessageInfo:
    labelled = _LABELS.fullmatch(match["text"])
    labels = re.findall(r"\[([^\[\]]*)\]", labelled["labels"]) if labelled else []
    text = labelled["text"] if labelled else match["text"]
    at = f"{match['day']}T{match['time']}.{match['milliseconds']}+00:00"
    return MessageInfo(task, at, match["logger"], match["level"], labels, text)


def _number_of(level: str) -> int:
    if found := re.fullmatch(r"Level (\d+)", level):
        return int(found[1])
    number = logging.getLevelName(level.upper())
    if not isinstance(number, int):
        raise Refused(f"{level!r} is no level", "debug, info, warning, error or critical")
    return number
