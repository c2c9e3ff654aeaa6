"""The schema for editors says what the reader reads; that the reference page does is tested with the documents."""

import json
from typing import Any

import pytest

from skafd.config import json_schema
from skafd.config.keys import FLAT, JOB, PROJECT
from skafd.config.tables import Key, Table
from skafd.config.values import AMOUNTS, NOTIFICATION, PARAMETER_DETAILS, RESOURCES, RETRY_DETAILS, SCHEDULE_DETAILS

TABLES = (
    *(PROJECT, FLAT, JOB, AMOUNTS, RESOURCES, SCHEDULE_DETAILS),
    *(RETRY_DETAILS, PARAMETER_DETAILS, NOTIFICATION),
)


def keys() -> list[Key]:
    return [key for table in TABLES for key in table.keys]


def test_every_key_has_a_description_that_is_a_sentence() -> None:
    for key in keys():
        assert key.description.endswith("."), key.name


def test_the_schema_has_every_key_and_allows_no_other() -> None:
    schema: dict[str, Any] = json.loads(json.dumps(json_schema()))
    listed, _, flat = schema["anyOf"]
    assert set(listed["properties"]) == {key.name for key in PROJECT.keys}
    assert set(flat["properties"]) == {key.name for key in FLAT.keys}
    job = listed["properties"]["jobs"]["items"]
    assert set(job["properties"]) == {key.name for key in JOB.keys}
    assert job["additionalProperties"] is False


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.title)
def test_no_key_is_a_misspelling_of_another(table: Table) -> None:
    names = {key.name for key in table.keys}
    misspellings = [word for key in table.keys for word in key.misspellings]
    assert len(misspellings) == len(set(misspellings))
    assert names.isdisjoint(misspellings)
    assert names.isdisjoint(table.elsewhere)
