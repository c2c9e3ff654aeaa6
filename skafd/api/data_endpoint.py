"""The Data Endpoint: tables over HTTP for dashboards and programs elsewhere, each request with a token."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from skafd import __version__
from skafd.api.backend import Backend
from skafd.api.failures import BadRequest, Unauthorized

PATH = "/v1/data/{project}/{table}"
_HEADER = "x-api-token"
_COMPARISONS = ("", "__ne", "__gt", "__gte", "__lt", "__lte", "__in")
_PARAMETERS: tuple[tuple[str, str, str], ...] = (
    ("limit", "integer", "At most so many rows; 1000 when left out, 100000 at most."),
    ("offset", "integer", "Pass over so many rows: `next` of the page before."),
    ("columns", "string", "Only these, with commas between them."),
    ("order", "string", "By these, as in `day desc,customer`; by the table's own order when left out."),
    ("format", "string", "`json` or `csv`."),
)


def routes(backend: Backend) -> list[Route]:
    """All that is answered."""

    async def read(request: Request) -> Response:
        return await _read(backend, request)

    async def openapi(_: Request) -> Response:
        return JSONResponse(document())

    return [Route(PATH, read, methods=["GET"]), Route("/v1/openapi.json", openapi)]


async def _read(backend: Backend, request: Request) -> Response:
    token = request.headers.get(_HEADER, "").strip()
    if not token:
        raise Unauthorized("tables are read with a token", "send it in a header: X-API-Token: TOKEN")
    query: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in query:
            raise BadRequest(f"{name} is said twice")
        query[name] = value
    path = request.path_params
    page = await to_thread.run_sync(backend.read_data, str(path["project"]), str(path["table"]), token, query)
    headers = {} if page.next is None else {"X-Next-Offset": page.next}
    return Response(page.body, media_type=page.media_type, headers=headers)


def document() -> dict[str, Any]:
    """The OpenAPI description of the endpoint."""
    in_path = [_parameter(name, "path", "string", text) for name, text in (("project", "Its token or short name."),)]
    in_path.append(_parameter("table", "path", "string", "A table or a view of the project."))
    in_query = [_parameter(name, "query", kind, text) for name, kind, text in _PARAMETERS]
    text = f"Only rows where COLUMN{', COLUMN'.join(_COMPARISONS)} is so."
    filters = _parameter("filters", "query", "object", text)
    filters |= {"style": "form", "explode": True}
    rows = {"type": "array", "items": {"type": "object"}}
    page = {"type": "object", "properties": {"data": rows, "next": {"type": "integer", "nullable": True}}}
    answers = {
        "200": {
            "description": "A page.",
            "content": {"application/json": {"schema": page}, "text/csv": {"schema": {"type": "string"}}},
        },
        "400": {"description": "A parameter that is not understood."},
        "401": {"description": "No token, or one that is not known here."},
        "404": {"description": "The project has no such table."},
    }
    operation = {
        "summary": "Rows of a table.",
        "parameters": [*in_path, *in_query, filters],
        "responses": answers,
        "security": [{"token": []}],
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "skafd Data Endpoint", "version": __version__},
        "paths": {PATH: {"get": operation}},
        "components": {"securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-API-Token"}}},
    }


def _parameter(name: str, place: str, kind: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": kind}, "description": text}
