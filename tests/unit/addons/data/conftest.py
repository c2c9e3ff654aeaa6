"""An engine for each test: DuckDB's own, or one that executes queries on Spark, over the same tables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.embedded import Embedded
from tests.support.queries import QueriesOnSpark
from tests.support.spark import need_spark

ENGINES = ("embedded", "on Spark")


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Embedded]:
    embedded = Embedded(tmp_path)
    yield embedded
    embedded.engine.close()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueriesOnSpark]:
    """One for all tests, also where several processes run them: it takes its time to start."""
    need_spark()
    folder = tmp_path_factory.getbasetemp()
    with QueriesOnSpark((folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "spark") as queries:
        yield queries


@pytest.fixture(scope="module", params=ENGINES)
def filled_once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """Each engine in turn, for all tests of a module."""
    yield from _engine(request, tmp_path_factory.mktemp("data"))


@pytest.fixture(params=ENGINES)
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Embedded]:
    """Each engine in turn."""
    yield from _engine(request, tmp_path)


def _engine(request: pytest.FixtureRequest, folder: Path) -> Iterator[Embedded]:
    access = request.getfixturevalue("spark").access(folder / "snapshots") if request.param == ENGINES[1] else None
    engine = Embedded(folder, access)
    yield engine
    engine.engine.close()
