"""From an HTTP request to a `Call` that fits its route, or a BadRequest that says what does not."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from skafd.api.failures import BadRequest
from skafd.api.routing import Call, Query, Route


async def read_call(route: Route, request: Request) -> Call:
    """Checks path, query and body against the route. Raises BadRequest."""
    path = {name: str(value) for name, value in request.path_params.items()}
    body = _body(route, await request.body()) if route.request else None
    return Call(path, _query(route, dict(request.query_params)), body)


def _body(route: Route, text: bytes) -> Any:
    try:
        return adapter(route.request).validate_json(text or b"{}")
    except ValidationError as error:
        raise BadRequest(explain(error, "the body")) from None


def _query(route: Route, given: dict[str, str]) -> dict[str, Any]:
    known = {query.name: query for query in route.query}
    if unknown := sorted(set(given) - set(known)):
        raise BadRequest(f"{route.path} has no query parameter {unknown[0]!r}")
    return {name: _value(query, given.get(name)) for name, query in known.items()}


def _value(query: Query, text: str | None) -> Any:
    if text is None:
        if query.required:
            raise BadRequest(f"the query parameter {query.name!r} is missing")
        return query.default
    try:
        return adapter(query.type).validate_strings(text)
    except ValidationError as error:
        raise BadRequest(explain(error, f"the query parameter {query.name!r}")) from None


def explain(error: ValidationError, subject: str) -> str:
    """One sentence for what is wrong with `subject`."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{subject} is not understood: {where + ': ' if where else ''}{first['msg']}"


def adapter(kind: Any) -> TypeAdapter[Any]:
    """The reader and writer of a type, made once."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}
