"""A real database in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.model.ids import ProjectId
from skafd.store import Database
from tests.support.stored import add_churn


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "skafd.db")
    yield opened
    opened.close()


@pytest.fixture
def project(database: Database, tmp_path: Path) -> ProjectId:
    return add_churn(database, tmp_path)
