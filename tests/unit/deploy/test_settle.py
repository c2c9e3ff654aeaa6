from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skafd.deploy.settle import BUSY_SECONDS, LONGEST_SECONDS, PATIENCE_SECONDS, Change, Settling

QUIET = 0.1


def never_asked() -> object:
    raise AssertionError("a quiet burst needs no second look")


def is_over(burst: Settling, now: float) -> bool:
    return burst.look(now, False, never_asked)


def test_a_single_save_is_over_after_the_quiet_period() -> None:
    burst = Settling(QUIET, now=10.0)
    burst.happened(Change.WRITTEN, "main.py", 10.0)
    assert burst.due_at() == pytest.approx(10.1)
    assert not is_over(burst, 10.09)
    assert is_over(burst, 10.11)


def test_every_change_starts_the_quiet_period_anew() -> None:
    burst = Settling(QUIET, now=0.0)
    for step in range(10):
        burst.happened(Change.WRITTEN, f"{step}.py", step * 0.08)
    assert not is_over(burst, 0.80)
    assert is_over(burst, 0.83)


def test_a_file_that_is_still_being_written_is_waited_for() -> None:
    burst = Settling(QUIET, now=0.0)
    burst.happened(Change.WRITING, "big.csv", 0.0)
    assert not is_over(burst, 2.0)
    burst.happened(Change.WRITTEN, "big.csv", 2.0)
    assert is_over(burst, 2.11)


def test_a_file_deleted_while_it_was_written_is_not_waited_for() -> None:
    burst = Settling(QUIET, now=0.0)
    burst.happened(Change.WRITING, "temporary", 0.0)
    burst.happened(Change.VANISHED, "temporary", 0.0)
    assert is_over(burst, 0.11)


def test_a_file_that_vanished_gets_time_to_come_back() -> None:
    burst = Settling(QUIET, now=0.0)
    burst.happened(Change.VANISHED, "main.py", 0.0)
    assert not is_over(burst, 0.3)
    burst.happened(Change.WRITING, "main.py", 0.3)
    burst.happened(Change.WRITTEN, "main.py", 0.3)
    assert is_over(burst, 0.41)


def test_a_deleted_file_settles_a_little_later() -> None:
    burst = Settling(QUIET, now=0.0)
    burst.happened(Change.VANISHED, "main.py", 0.0)
    assert is_over(burst, 0.51)


def test_a_temporary_file_of_the_same_burst_may_go_at_once() -> None:
    burst = Settling(QUIET, now=0.0)
    burst.happened(Change.WRITING, "sedX1", 0.0)
    burst.happened(Change.WRITTEN, "sedX1", 0.0)
    burst.happened(Change.VANISHED, "sedX1", 0.0)
    burst.happened(Change.WRITTEN, "main.py", 0.0)
    assert is_over(burst, 0.11)


def test_an_endless_burst_is_over_when_two_looks_see_the_same() -> None:
    burst = Settling(QUIET, now=0.0)
    burst.happened(Change.WRITING, "open.log", 0.0)
    assert burst.due_at() == LONGEST_SECONDS
    assert not burst.look(5.0, False, lambda: "as it was")
    assert burst.due_at() == pytest.approx(5.1)
    assert burst.look(5.2, False, lambda: "as it was")


def test_an_endless_burst_that_really_changes_goes_on_until_patience_ends() -> None:
    burst = Settling(QUIET, now=0.0)
    now, sizes = LONGEST_SECONDS, iter(range(1_000_000))
    burst.happened(Change.WRITING, "growing.log", 0.0)
    while not burst.look(now, False, lambda: next(sizes)):
        burst.happened(Change.WRITING, "growing.log", now)
        now = burst.due_at()
    assert now == pytest.approx(PATIENCE_SECONDS, abs=2 * QUIET)


def test_git_at_work_is_waited_for_but_not_for_ever() -> None:
    burst = Settling(QUIET, now=0.0)
    burst.happened(Change.WRITTEN, "main.py", 0.0)
    now = burst.due_at()
    while not burst.look(now, True, never_asked):
        assert burst.due_at() > now
        now = burst.due_at()
    assert now == pytest.approx(BUSY_SECONDS, abs=2 * QUIET)


@given(
    st.lists(
        st.tuples(st.sampled_from(Change), st.sampled_from("abc"), st.floats(0.0, 3.0)),
        min_size=1,
        max_size=50,
    )
)
def test_every_burst_ends_and_never_during_the_quiet_period(steps: list[tuple[Change, str, float]]) -> None:
    burst = Settling(QUIET, now=0.0)
    now = 0.0
    for change, path, pause in steps:
        now += pause
        burst.happened(change, path, now)
        assert not burst.look(now, False, object) or now >= LONGEST_SECONDS
    for _ in range(1000):
        now = max(now, burst.due_at())
        if burst.look(now, False, lambda: "at rest"):
            return
    raise AssertionError("it never settles")
