"""The table of everything that can be asked of the data engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from skafd.addons.data.engine import Answer, Engine, Project, Segment
from skafd.addons.data.names import Names
from skafd.addons.data.rows import page_of
from skafd.errors import DataEngineError, NotFound, Refused
from skafd.job_token import JobToken


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    engine: Engine
    names: Names
    token: JobToken
    query: Mapping[str, str]
    body: bytes

    @property
    def project(self) -> Project:
        """Who asks."""
        return replace(self.names.of(self.token.project), queries=self.token.queries)

    def owner(self, keyspace: object) -> Project:
        """The project that a keyspace means; its own where none is said. Raises Refused, as for one that is there."""
        own = self.project
        if not keyspace or str(keyspace) in (own.id, own.slug):
            return own
        try:
            return self.names.find(str(keyspace))
        except NotFound:
            raise NotFound(f"there is no keyspace {keyspace}", "it is the token or the name of a project") from None

    def json(self) -> dict[str, Any]:
        """The body. Raises DataEngineError if it is no object."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError as error:
            raise DataEngineError(f"the request is no JSON: {error}") from None
        if not isinstance(found, dict):
            raise DataEngineError("the request is no object")
        return found


@dataclass(frozen=True, slots=True)
class Blocks:
    """An answer in pieces."""

    pieces: Iterator[bytes]
    media_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """An answer that is a file."""

    stream: BinaryIO
    media_type: str


def _save(asked: Asked) -> Any:
    head, _, rest = asked.body.partition(b"\n")
    said = Asked(asked.engine, asked.names, asked.token, asked.query, head).json()
    segments = list(_segments(said.get("segments", []), rest))
    schema = said.get("schema")
    keyspace = schema.get("namespace") if isinstance(schema, dict) else None
    owner = asked.owner(keyspace)
    rows = asked.engine.save(asked.project, owner, schema, segments)
    return {
        "rows": rows,
        "written": [[owner.id, str(schema["table_name"])]] if rows and isinstance(schema, dict) else [],
    }


def _segments(heads: list[dict[str, Any]], rest: bytes) -> Iterator[Segment]:
    start = 0
    for head in heads:
        end = start + int(head["bytes"])
        yield Segment(tuple(head["columns"]), rest[start:end], int(head["count"]), int(head["first"]))
        start = end
    if start != len(rest):
        raise DataEngineError(f"the rows have {len(rest)} bytes, and not {start}")


def _create_view(asked: Asked) -> Any:
    said = asked.json()
    owner = asked.owner(said.get("keyspace"))
    asked.engine.create_view(asked.project, str(said.get("name") or ""), owner, str(said.get("table") or ""))
    return {"success": True}


def _query(asked: Asked) -> Any:
    said = asked.json()
    answer = asked.engine.query(asked.project, str(said.get("sql") or ""), said.get("most_rows"))
    return Blocks(_as_json(answer))


def _as_json(answer: Answer) -> Iterator[bytes]:
    head = {"read": answer.read, "written": answer.written, "columns": dict(answer.columns)}
    yield json.dumps(head).encode()[:-1] + b', "data": ['
    separator = b""
    for block in answer.blocks:
        yield separator + json.dumps(block).encode()[1:-1]
        separator = b", "
    yield b"]}"


def _rows(asked: Asked) -> Any:
    page = page_of(asked.engine, asked.project, asked.query)
    return Blocks(page.pieces, page.media_type, page.headers)


def _export(asked: Asked) -> Any:
    said = asked.json()
    stream = asked.engine.export(asked.project, str(said.get("sql") or ""), str(said.get("format") or ""))
    return File(stream, "application/octet-stream")


def _import(asked: Asked) -> Any:
    query = asked.query
    key = [name for name in query.get("key", "").split(",") if name]
    rows = asked.engine.load(asked.project, query.get("table", ""), key, query.get("format", ""), asked.body)
    return {"rows": rows}


def _shares(asked: Asked) -> Any:
    return asked.engine.shares(asked.project)


def _share(asked: Asked) -> Any:
    said = _by_hand(asked).json()
    asked.engine.share(asked.project, asked.names.find(str(said.get("project"))), bool(said.get("may_write")))
    return {"success": True}


def _unshare(asked: Asked) -> Any:
    said = _by_hand(asked).json()
    asked.engine.unshare(asked.project, asked.names.find(str(said.get("project"))))
    return {"success": True}


def _by_hand(asked: Asked) -> Asked:
    """Only people share tables: a job has the token of a run."""
    if asked.token.run:
        raise Refused("a job cannot share tables", "its owner can: skafd data PROJECT --share-with OTHER")
    return asked


ROUTES: Mapping[tuple[str, str], Callable[[Asked], Any]] = {
    ("POST", "/v1/save"): _save,
    ("POST", "/v1/views"): _create_view,
    ("POST", "/v1/query"): _query,
    ("GET", "/v1/rows"): _rows,
    ("GET", "/v1/tables"): lambda asked: asked.engine.tables(asked.project),
    ("POST", "/v1/export"): _export,
    ("POST", "/v1/import"): _import,
    ("GET", "/v1/shares"): _shares,
    ("POST", "/v1/shares"): _share,
    ("POST", "/v1/unshare"): _unshare,
}
