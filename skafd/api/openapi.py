"""The OpenAPI 3.1 document, made from the table of routes."""

from __future__ import annotations

import re
from typing import Any

from pydantic import TypeAdapter

from skafd.api.routes import ROUTES
from skafd.api.routing import Answer, Query, Route

_REFERENCE = "#/components/schemas/{model}"
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "hint", "kind"],
            "properties": {
                "message": {"type": "string"},
                "hint": {"type": ["string", "null"]},
                "kind": {"type": "string"},
            },
        }
    },
}


def document(version: str) -> dict[str, Any]:
    """Everything the api answers, for programs."""
    shapes, definitions = _schemas()
    paths: dict[str, Any] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, shapes)
    return {
        "openapi": "3.1.0",
        "info": {"title": "skafd", "version": version},
        "paths": paths,
        "components": {"schemas": {**definitions, "Error": _ERROR}},
    }


def _schemas() -> tuple[dict[tuple[str, str], Any], dict[str, Any]]:
    """The schema of each request and response by route, and what they share."""
    inputs: list[tuple[str, Any, TypeAdapter[Any]]] = []
    for route in ROUTES:
        name = f"{route.method} {route.path}"
        if route.request:
            inputs.append((name, "validation", TypeAdapter(route.request)))
        if route.response:
            inputs.append((name, "serialization", TypeAdapter(route.response)))
    by_route, shared = TypeAdapter.json_schemas(inputs, ref_template=_REFERENCE)
    return {(key, mode): schema for (key, mode), schema in by_route.items()}, shared.get("$defs", {})


def _operation(route: Route, shapes: dict[tuple[str, str], Any]) -> dict[str, Any]:
    name = f"{route.method} {route.path}"
    operation: dict[str, Any] = {"summary": route.summary, "parameters": _parameters(route)}
    if route.request:
        content = {Answer.JSON.value: {"schema": shapes[name, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    failure = {"description": "What, where, and what to do.", "content": _content(Answer.JSON, {"$ref": _error_name()})}
    if route.response:
        success = {"description": route.summary, "content": _content(route.answer, shapes[name, "serialization"])}
        operation["responses"] = {"200": success, "default": failure}
    else:
        operation["responses"] = {"204": {"description": "Done."}, "default": failure}
    return operation


def _error_name() -> str:
    return _REFERENCE.format(model="Error")


def _content(answer: Answer, schema: Any) -> dict[str, Any]:
    return {answer.value: {"schema": schema}}


def _parameters(route: Route) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    return in_path + [_query_parameter(query) for query in route.query]


def _query_parameter(query: Query) -> dict[str, Any]:
    schema = TypeAdapter(query.type).json_schema()
    if query.default is not None:
        schema["default"] = query.default
    return {
        "name": query.name,
        "in": "query",
        "required": query.required,
        "description": query.summary,
        "schema": schema,
    }
