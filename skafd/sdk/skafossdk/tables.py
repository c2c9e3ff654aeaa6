"""Tables as `ska.engine` saves and queries them."""

import collections
import logging
import os
import threading
from typing import Any, Callable, Deque, Dict, List, Optional

from . import background
from . import rows as row_forms
from .background import Request
from .data_sources import DataSourceType
from .exceptions import DataEngineError, NotFound, Refused, SkafosError
from .noted_tables import NotedTables
from .surroundings import Surroundings
from .transport import Service, UnixConnection

_LANE = "tables"
_MOST_TOGETHER = 5000
"""Rows of calls that nobody waits for yet are sent together."""
_Callback = Optional[Callable[[Any], Any]]
_log = logging.getLogger("skafossdk.data_engine")


class Tables:
    """A part of `ska.engine`; calls take effect in the order in which they were made."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._engine: "Optional[_Engine]" = None
        self._noted = NotedTables(surroundings)
        self._lock = threading.Lock()
        self._waiting: "Deque[Optional[_Save]]" = collections.deque()

    def save(self, schema: Any, rows: Any = None, callback: _Callback = None) -> Request:
        """Makes the table if there is none, and inserts or updates rows by primary key; `[]` makes it only.

        Result: `{"data": [{"success": True}]}`; then all rows are durable. Raises DataEngineError with the row and the
        column that are wrong; then none of them is there.
        """
        name = schema.get("table_name") if isinstance(schema, dict) else None
        segments = row_forms.segments_of(schema, [] if rows is None else rows)
        save = _Save(schema, segments)
        with self._lock:
            self._waiting.append(save)
        return background.begin(f"save({name!r})", lambda: self._outcome_of(save), _LANE, callback)

    def create_view(
        self,
        view_name: str,
        options: "Dict[str, Any]",
        source: Any = DataSourceType.Cassandra,  # noqa: ARG002 there is only one
        callback: _Callback = None,
    ) -> Request:
        """Lets `query` find a table by that name: `{"table": t}`, with `"keyspace"` for one of another project.

        A view that is there already is logged and not raised.
        """
        self._end_group()
        body = {"name": view_name, "keyspace": options.get("keyspace"), "table": options.get("table")}
        return background.begin(f"create_view({view_name!r})", lambda: self._create_view(body), _LANE, callback)

    def query(self, sql: str, callback: _Callback = None) -> Request:
        """A statement in Spark SQL. Result: `{"data": [rows], "schema": {"columns": {...}}, "success": True}`.

        What goes wrong is logged and not raised: `data` is None then, and `error` says what it was.
        """
        self._end_group()
        return background.begin("query", lambda: self._query(sql), _LANE, callback)

    def _end_group(self) -> None:
        """What is saved from now on is not sent with what was saved before: a query comes in between."""
        with self._lock:
            if self._waiting and self._waiting[-1] is not None:
                self._waiting.append(None)

    def _create_view(self, body: "Dict[str, Any]") -> "Dict[str, Any]":
        try:
            self._service().call("POST", "/v1/views", body)
        except (DataEngineError, NotFound, Refused) as error:
            _log.error("%s", error)
            return {"data": [{"success": False}], "error": str(error), "success": False}
        return {"data": [{"success": True}], "success": True}

    def _query(self, sql: str) -> "Dict[str, Any]":
        try:
            answer = self._service().call("POST", "/v1/query", {"sql": sql}, answer_seconds=24 * 3600.0)
        except (DataEngineError, NotFound, Refused) as error:
            _log.error("%s", error)
            return {"data": None, "error": str(error), "success": False}
        self._noted.note(answer)
        columns = answer["columns"]
        return {"data": answer["data"], "schema": {"columns": columns}, "columns": list(columns), "success": True}

    def _outcome_of(self, save: "_Save") -> "Dict[str, Any]":
        if not save.is_done:
            self._send(self._take_with(save))
        if save.error is not None:
            raise save.error
        return {"data": [{"success": True}]}

    def _take_with(self, save: "_Save") -> "List[_Save]":
        """It, and what follows it and can be sent with it."""
        together: "List[_Save]" = []
        count = 0
        with self._lock:
            while self._waiting and self._waiting[0] is None:
                self._waiting.popleft()
            while self._waiting and count < _MOST_TOGETHER:
                one = self._waiting[0]
                if one is None or not one.is_like(save):
                    break
                self._waiting.popleft()
                together.append(one)
                count += sum(segment.count for segment in one.segments)
        return together

    def _send(self, saves: "List[_Save]") -> None:
        try:
            self._post(saves[0].schema, [segment for save in saves for segment in save.segments])
        except SkafosError as error:
            if len(saves) == 1:
                saves[0].error = error
                return
            # One is to blame for all: each has its own answer.
            for save in saves:
                self._send([save])
            return
        finally:
            for save in saves:
                save.is_done = True

    def _post(self, schema: Any, segments: "List[row_forms.Segment]") -> None:
        head, body = row_forms.encode(schema, row_forms.joined(segments))

        def write(stream: Any) -> None:
            stream.write(head)
            for piece in body:
                stream.write(piece)

        self._noted.note(self._service().send("POST", "/v1/save", write, answer_seconds=3600.0))

    def _service(self) -> "_Engine":
        with self._lock:
            if self._engine is None:
                _log.info("Connecting to DataEngine")
                self._engine = _Engine(self._surroundings)
                _log.info("DataEngine Connection Opened")
            return self._engine


class _Save:
    """A call of `save`: sent with others, answered alone."""

    def __init__(self, schema: Any, segments: "List[row_forms.Segment]") -> None:
        self.schema = schema
        self.segments = segments
        self.is_done = False
        self.error: "Optional[SkafosError]" = None

    def is_like(self, other: "_Save") -> bool:
        return self is other or (bool(self.segments) and bool(other.segments) and self.schema == other.schema)


class _Engine(Service):
    """The data engine, which the daemon starts for whoever needs it."""

    def __init__(self, surroundings: Surroundings) -> None:
        daemon = surroundings.daemon()
        path = os.path.join(os.path.dirname(daemon.path), "data.sock")
        super().__init__(path, surroundings.token)
        self._daemon = daemon

    def _connect(self, answer_seconds: float) -> UnixConnection:
        connection = super()._connect(answer_seconds)
        try:
            connection.connect()
        except (FileNotFoundError, ConnectionRefusedError):
            self._daemon.call("POST", "/v1/services/data/start", answer_seconds=120.0)
            connection.connect()
        return connection
