"""An orchestrator for one test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.daemonized import Daemonized


@pytest.fixture
def daemon() -> Iterator[Daemonized]:
    with Daemonized() as daemon:
        yield daemon
