"""Pages of a table: paging, filters, columns, order, CSV, and parameters that mean nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from skafd.addons.data.rows import page_of
from skafd.errors import SkafdError
from tests.support.embedded import CHURN, PEOPLE, Embedded


@pytest.fixture
def people(embedded: Embedded) -> Embedded:
    embedded.save(PEOPLE, *({"id": number, "name": f"n'{number}", "score": number / 2} for number in range(10)))
    embedded.save(PEOPLE, *({"id": number, "born": f"2018-01-0{number}"} for number in range(1, 4)))
    return embedded


def page(embedded: Embedded, **query: str) -> Any:
    found = page_of(embedded.engine, CHURN, {"table": "people", **query})
    return json.loads(b"".join(found.pieces))


def ids(embedded: Embedded, **query: str) -> list[int]:
    return [row["id"] for row in page(embedded, **query)["data"]]


def test_pages_follow_one_another_to_the_end(people: Embedded) -> None:
    seen, offset = [], 0
    while offset is not None:
        found = page(people, limit="4", offset=str(offset))
        seen += [row["id"] for row in found["data"]]
        offset = found["next"]
    assert seen == list(range(10))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"id": "3"}, [3]),
        ({"name": "n'3"}, [3]),
        ({"score__gte": "4"}, [8, 9]),
        ({"id__in": "1,2,77"}, [1, 2]),
        ({"id__ne": "0", "id__lt": "3"}, [1, 2]),
        ({"order": "score desc,id", "limit": "2"}, [9, 8]),
        ({"limit": "0"}, []),
        ({"born": "2018-01-02T00:00:00Z"}, [2]),
        ({"born__lt": "2018-01-03"}, [1, 2]),
    ],
)
def test_filters_and_order(people: Embedded, query: dict[str, str], expected: list[int]) -> None:
    assert ids(people, **query) == expected


def test_csv_has_the_columns_that_were_asked_for(people: Embedded) -> None:
    query = {"table": "people", "format": "csv", "columns": "name,born", "limit": "1"}
    found = page_of(people.engine, CHURN, query)
    assert b"".join(found.pieces) == b"name,born\r\nn'0,\r\n"
    assert dict(found.headers) == {"X-Next-Offset": "1"}


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "-1"},
        {"limit": "1000000"},
        {"offset": "x"},
        {"format": "xml"},
        {"order": "id sideways"},
        {"id__like": "3"},
        {"nope": "3"},
        {"id": "abc"},
        {"columns": "nope"},
        {"columns": "(SELECT 1)"},
        {"order": "id; DROP TABLE people"},
        {"table": "nowhere"},
        {"table": "people; DROP TABLE people"},
    ],
)
def test_what_means_nothing_is_refused(people: Embedded, query: dict[str, str]) -> None:
    with pytest.raises(SkafdError):
        page(people, **query)
    assert ids(people) == list(range(10))
