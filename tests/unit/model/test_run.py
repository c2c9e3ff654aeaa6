"""Short ways to a changed copy say the same as the long one."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from skafd.model.decisions import Transition
from skafd.model.run import JobHistory, Task

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", [Task, Transition])
def test_another_reason_changes_nothing_else(kind: Any) -> None:
    full = kind(**{field.name: f"value of {field.name}" for field in fields(kind)})
    assert full.because("it rains") == replace(full, reason="it rains")


def test_a_history_goes_on() -> None:
    full = JobHistory(*(f"value of {field.name}" for field in fields(JobHistory)))  # type: ignore[arg-type]
    assert full.started(NOON) == replace(full, last_started_at=NOON)
    assert full.succeeded(NOON) == replace(full, last_succeeded_at=NOON)
