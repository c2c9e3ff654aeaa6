"""`ska.report` and `ska.progress`: said at once, sent a moment later with what else was said meanwhile."""

import datetime
import logging
import math
import os
import threading
import time
from typing import Any, Dict, List, Optional

from . import background
from .background import Request
from .exceptions import SkafosError
from .surroundings import Surroundings, call

MOMENT_SECONDS = 0.2
MOST_AT_ONCE = 2000
_log = logging.getLogger("skafossdk.skafos")


class Reporter:
    """What was said before the program ends is sent before it ends. A child that was forked says its own words."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._lock = threading.Lock()
        self._has_complained = False
        self._begin_anew()

    def report(self, name: Any, y: Any, y_label: "Optional[str]", x: Any, x_label: "Optional[str]") -> Request:
        """Adds a value, or a value for each item of a list, to a series. Raises TypeError for what is no number."""
        at = int(time.time() * 1e6)
        labels = {"x_label": str(x_label or ""), "y_label": str(y_label or "")}
        points = [
            dict(labels, name=str(name), y=_number(name, one_y), x=_place(one_x), at_microseconds=at)
            for one_x, one_y in _pairs(x, y)
        ]
        return self._say(points, None)

    def progress(self, done: Any, total: Any, text: str) -> None:
        """Says how far the program is; what was said before is forgotten."""
        if self._surroundings.is_job:
            whole = None if total is None else float(total)
            self._say([], {"done": float(done), "total": whole, "text": str(text)})

    def _begin_anew(self) -> None:
        self._process = os.getpid()
        self._points: "List[Dict[str, Any]]" = []
        self._progress: "Optional[Dict[str, Any]]" = None
        self._asked: "Optional[Request]" = None
        self._hurry = threading.Event()
        background.at_end(self._hurry.set)

    def _say(self, points: "List[Dict[str, Any]]", progress: "Optional[Dict[str, Any]]") -> Request:
        """The call with which it will be sent."""
        with self._lock:
            if self._process != os.getpid():
                self._begin_anew()
            self._points += points
            self._progress = progress or self._progress
            if self._asked is not None:
                return self._asked
            asked = self._asked = Request("report", self._send_soon)
        # Not while holding the lock: at the end of the program it is done at once, here.
        background.launch(asked, lane="report")
        return asked

    def _send_soon(self) -> None:
        self._hurry.wait(MOMENT_SECONDS)
        with self._lock:
            points, self._points = self._points, []
            progress, self._progress = self._progress, None
            self._asked = None
        try:
            for start in range(0, len(points), MOST_AT_ONCE):
                body = {"points": points[start : start + MOST_AT_ONCE]}
                call(self._surroundings, "POST", "/v1/metrics", body)
            if progress is not None:
                call(self._surroundings, "POST", "/v1/progress", progress)
        except SkafosError as error:
            if not self._has_complained:
                self._has_complained = True
                _log.error("what is reported is not kept: %s", error)


def _pairs(x: Any, y: Any) -> "List[Any]":
    """Of lists an item each; a list of values needs no places."""
    values = _listed(y)
    if values is None:
        return [(x, y)]
    places = [None] * len(values) if x is None else _listed(x)
    if places is None or len(places) != len(values):
        raise TypeError(f"of {len(values)} values there have to be {len(values)} places: x={x!r}")
    return list(zip(places, values))


def _listed(value: Any) -> "Optional[List[Any]]":
    if isinstance(value, (list, tuple)):
        return list(value)
    # numpy's arrays and pandas' series; their numbers have no length.
    if hasattr(value, "tolist") and hasattr(value, "__len__"):
        return list(value.tolist())
    return None


def _number(name: Any, value: Any) -> "Optional[float]":
    """None for what is not a number of those that can be drawn."""
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"the value of the metric {name!r} has to be a number, not {value!r}") from None
    return number if math.isfinite(number) else None


def _place(value: Any) -> Any:
    """A number, or a text such as a day."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (datetime.date, datetime.datetime)) or hasattr(value, "isoformat"):
        return value.isoformat()
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return number if math.isfinite(number) else str(value)
