"""How rows are sent: whatever a program has, as JSON lists of objects with the same columns."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from typing import Any

import pytest

from skafd.sdk.skafossdk.exceptions import DataEngineError
from skafd.sdk.skafossdk.rows import encode, joined, segments_of

SCHEMA = {"table_name": "people", "columns": {"id": "int", "name": "text"}}


def sent(rows: Any) -> list[tuple[list[str], int, list[dict[str, Any]]]]:
    """Columns, place of the first row, and rows of each segment, as the engine reads them."""
    head, pieces = encode(SCHEMA, joined(segments_of(SCHEMA, rows)))
    body, found, start = b"".join(pieces), [], 0
    for segment in json.loads(head)["segments"]:
        end = start + segment["bytes"]
        found.append((segment["columns"], segment["first"], json.loads(body[start:end])))
        assert len(found[-1][2]) == segment["count"]
        start = end
    assert start == len(body)
    return found


def test_rows_of_the_same_columns_are_one_segment() -> None:
    rows = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3}, {"id": 4, "name": "d"}]
    assert sent(rows) == [(["id", "name"], 0, rows[:2]), (["id"], 2, rows[2:3]), (["id", "name"], 3, rows[3:])]


def test_many_rows_are_sent_in_pieces_and_read_as_one() -> None:
    rows = [{"id": number} for number in range(45_000)]
    ((columns, first, found),) = sent(rows)
    assert (columns, first, found) == (["id"], 0, rows)


def test_lists_follow_the_order_of_the_columns() -> None:
    assert sent([[1, "a"], (2, "b")])[0][2] == [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    with pytest.raises(DataEngineError, match="row 2 has 1 values; the schema has 2 columns"):
        sent([[1, "a"], [2]])
    with pytest.raises(DataEngineError, match="row 1 is neither a dictionary nor a list"):
        sent(["abc"])


class Scalar:
    """As numpy's numbers are."""

    def tolist(self) -> int:
        return 7


class float32:  # noqa: N801 as numpy calls it
    """As numpy's is: `tolist` gives more digits than it has."""

    def tolist(self) -> float:
        return 0.12280000001788139

    def __str__(self) -> str:
        return "0.1228"


class datetime64:  # noqa: N801 as numpy calls it
    """As numpy's is: in nanoseconds `tolist` gives a number."""

    def tolist(self) -> int:
        return 1514764800000000000

    def __str__(self) -> str:
        return "2018-01-01T00:00:00.000000000"


def test_values_that_json_does_not_have() -> None:
    values = {
        "date": datetime.date(2018, 1, 2),
        "datetime": datetime.datetime(2018, 1, 2, 3, 4, 5),
        "set": {"b", "a"},
        "tuple": (1, 2),
        "bytes": b"\x00\xff",
        "decimal": decimal.Decimal("1.25"),
        "uuid": uuid.UUID(int=5),
        "number": Scalar(),
        "float32": float32(),
        "instant": datetime64(),
        "none": None,
    }
    ((_, _, (found,)),) = sent([values])
    assert found == {
        "date": "2018-01-02",
        "datetime": "2018-01-02T03:04:05",
        "set": ["a", "b"],
        "tuple": [1, 2],
        "bytes": "0x00ff",
        "decimal": "1.25",
        "uuid": "00000000-0000-0000-0000-000000000005",
        "number": 7,
        "float32": 0.1228,
        "instant": "2018-01-01T00:00:00.000000000",
        "none": None,
    }


def test_what_cannot_be_sent_is_named() -> None:
    with pytest.raises(DataEngineError, match="row 2, column name: object cannot be saved"):
        sent([{"id": 1, "name": "a"}, {"id": 2, "name": object()}])
