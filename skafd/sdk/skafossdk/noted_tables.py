"""Which tables the program reads and writes: said to the daemon once each, so that lineage knows."""

import logging
import os
import threading
from typing import Any, Dict, List, Set, Tuple

from . import background
from .exceptions import SkafosError
from .surroundings import Surroundings, call

_KINDS = ("read", "written")
_log = logging.getLogger("skafossdk.data_engine")


class NotedTables:
    """Of a job; what is done by hand is nobody's."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._lock = threading.Lock()
        self._known: "Set[Tuple[int, str, str, str]]" = set()

    def note(self, answer: "Dict[str, Any]") -> None:
        """What the data engine says that a call has read and written; nothing waits for it."""
        if not self._surroundings.is_job:
            return
        news: "Dict[str, List[Tuple[str, str]]]" = {kind: [] for kind in _KINDS}
        with self._lock:
            for kind in _KINDS:
                for owner, table in answer.get(kind) or ():
                    # Of a forked process too: it may be another attempt's.
                    key = os.getpid(), kind, owner, table
                    if key not in self._known:
                        self._known.add(key)
                        news[kind].append((owner, table))
        if any(news.values()):
            background.begin("note tables", lambda: self._say(news))

    def _say(self, news: "Dict[str, List[Tuple[str, str]]]") -> None:
        try:
            call(self._surroundings, "POST", "/v1/tables", news)
        except SkafosError as error:
            _log.debug("it is not noted which tables were used: %s", error)
