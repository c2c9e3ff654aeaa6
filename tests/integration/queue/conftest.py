"""A broker for one test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.queue_lab import QueueLab, queue_lab
from tests.support.tortured import tortured

__all__ = ["lab", "tortured"]


@pytest.fixture
def lab() -> Iterator[QueueLab]:
    with queue_lab() as made:
        yield made
