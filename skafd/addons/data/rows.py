"""A page of a table, as the Data Endpoint gives it: filters, order, columns, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from skafd.addons.data.engine import Engine, Project
from skafd.errors import DataEngineError

USUAL_ROWS = 1000
MOST_ROWS = 100_000
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ].*")
"""As rows have them, also those of days."""
_SPOKEN_FOR = ("table", "limit", "offset", "columns", "order", "format")
_COMPARISONS: Mapping[str, type[exp.Binary]] = {
    "": exp.EQ,
    "ne": exp.NEQ,
    "gt": exp.GT,
    "gte": exp.GTE,
    "lt": exp.LT,
    "lte": exp.LTE,
}


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, as they are sent."""

    pieces: Iterator[bytes]
    media_type: str
    headers: tuple[tuple[str, str], ...]


def page_of(engine: Engine, project: Project, query: Mapping[str, str]) -> Page:
    """`table`, `limit`, `offset`, `columns`, `order`, `format`, and a filter for each other name.

    Raises DataEngineError for what cannot be understood, NotFound for no table.
    """
    limit = _number(query, "limit", USUAL_ROWS)
    if limit > MOST_ROWS:
        raise DataEngineError(f"limit is {limit}; a page has at most {MOST_ROWS} rows", "ask for the next with offset")
    offset = _number(query, "offset", 0)
    answer = engine.query(project, _select(query, limit + 1, offset))
    rows = [dict(row) for block in answer.blocks for row in block]
    following = offset + limit if len(rows) > limit else None
    return _formed(query.get("format", "json"), list(answer.columns), rows[:limit], following)


def _select(query: Mapping[str, str], limit: int, offset: int) -> str:
    names = [name.strip() for name in query.get("columns", "").split(",") if name.strip()]
    columns: list[exp.Expr] = [*(exp.column(name, quoted=True) for name in names)] or [exp.Star()]
    select = exp.select(*columns).from_(exp.table_(query.get("table", ""), quoted=True))
    filters = [(name, value) for name, value in query.items() if name not in _SPOKEN_FOR]
    for name, value in filters:
        select = select.where(_filter(name, value))
    for part in query.get("order", "").split(","):
        if part.strip():
            select = select.order_by(_ordered(part.strip()))
    return select.limit(limit).offset(offset).sql("spark")


def _filter(name: str, value: str) -> exp.Expr:
    column_name, _, comparison = name.partition("__")
    column = exp.column(column_name, quoted=True)
    if comparison == "in":
        return column.isin(*(_literal(one) for one in value.split(",")))
    if comparison not in _COMPARISONS:
        known = ", ".join(f"__{one}" for one in (*_COMPARISONS, "in") if one)
        raise DataEngineError(f"{name} is no filter", f"write column=value, or put {known} after the column's name")
    return _COMPARISONS[comparison](this=column, expression=_literal(value))


def _literal(value: str) -> exp.Expr:
    """In parentheses Spark's conversions pass it over, so what is no value of the column's type is an error."""
    literal = exp.Literal.string(value)
    return literal if _INSTANT.fullmatch(value) else exp.Paren(this=literal)


def _ordered(text: str) -> exp.Ordered:
    name, _, direction = text.partition(" ")
    if direction.lower() not in ("", "asc", "desc"):
        raise DataEngineError(f"order says {text!r}", "write order=date desc,name")
    return exp.Ordered(this=exp.column(name, quoted=True), desc=direction.lower() == "desc", nulls_first=False)


def _number(query: Mapping[str, str], name: str, usual: int) -> int:
    text = query.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise DataEngineError(f"{name} is not a whole number: {text!r}")
    return int(text)


def _formed(form: str, columns: Sequence[str], rows: list[dict[str, Any]], following: int | None) -> Page:
    if form == "json":
        return Page(iter([json.dumps({"data": rows, "next": following}).encode()]), "application/json", ())
    if form == "csv":
        headers = () if following is None else (("X-Next-Offset", str(following)),)
        return Page(iter([as_csv(columns, rows)]), "text/csv; charset=utf-8", headers)
    raise DataEngineError(f"there is no format {form}", "json or csv")


def as_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """With a line of names; lists and maps as JSON, missing values as nothing."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return json.dumps(value)
    return "" if value is None or value == "NaN" else value
