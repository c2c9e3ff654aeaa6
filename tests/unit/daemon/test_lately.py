"""Answers that are good for a moment."""

from __future__ import annotations

import itertools

import pytest

from skafd.daemon import lately
from skafd.daemon.lately import Lately


class _Clock:
    seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    made = _Clock()
    monkeypatch.setattr(lately, "time", made)
    return made


@pytest.mark.usefixtures("clock")
def test_of_many_that_ask_in_one_moment_one_looks() -> None:
    counted, answers = itertools.count(), Lately[str, int]()
    assert [answers.get("a", lambda: next(counted)) for _ in range(1000)] == [0] * 1000
    assert answers.get("b", lambda: next(counted)) == 1


def test_a_moment_later_it_is_looked_again(clock: _Clock) -> None:
    counted, answers = itertools.count(), Lately[str, int]()
    answers.get("a", lambda: next(counted))
    clock.seconds += lately.SECONDS
    assert answers.get("a", lambda: next(counted)) == 1


def test_a_failure_is_not_kept() -> None:
    answers = Lately[str, int]()
    with pytest.raises(ZeroDivisionError):
        answers.get("a", lambda: 1 // 0)
    assert answers.get("a", lambda: 7) == 7
